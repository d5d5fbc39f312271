/** What the changelog says of a version; undefined where it has no dated entry for it. */
export function entryOf(changelog: string, version: string): string | undefined;
/** Moves what is under Unreleased to a heading of its own. Throws for malformed input and for nothing to release. */
export function moveUnreleased(changelog: string, version: string, date: string): string;
