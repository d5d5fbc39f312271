/** The kept inputs: eight bytes of options, then a text. */
export function readCorpus(): Buffer[];
/** Writes each input to a file of its own in `folder`. */
export function unpack(folder: string): void;
/** Makes the files in `folder` the corpus; returns their number. */
export function pack(folder: string): number;
