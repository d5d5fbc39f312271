import type { Worker } from 'node:worker_threads';

/** The part of piscina's pool that is used. */
export interface Pool {
  readonly threads: readonly Worker[];
  run(task: SharedArrayBuffer | null): Promise<unknown>;
  destroy(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

interface PiscinaModule {
  readonly Piscina: new (options: Readonly<Record<string, unknown>>) => Pool;
  /** Marks what a thread answers as to be moved rather than cloned. */
  readonly move: (bytes: Uint8Array) => unknown;
}

// Of type string, to keep its own types out: they don't compile under exactOptionalPropertyTypes.
const NAME: string = 'piscina';

/** Not before threads are wanted: it is some 10 ms of start-up. */
export function importPiscina(): Promise<PiscinaModule> {
  return import(NAME);
}
