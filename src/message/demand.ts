/** What of the past a scan leaves in the account: so much of it counts in the next. */
const MEMORY = 7 / 8;
/** A value that could not be made cost as much as some that nobody read, and the next one is likely to be the same. */
const FAILURE = 16;

/**
 * Whether the payloads of messages are read, going by the last ones, in bytes of messages. Where most are, a backend that can
 * check a payload by making its value saves the walk over it; where they are not, the values would be made for nobody.
 */
export class Demand {
  private given = 0;
  private read = 0;

  /** Whether most of what was given lately was read. */
  get high(): boolean {
    return this.read * 2 > this.given;
  }

  /** A scan gave messages of so many bytes. */
  give(bytes: number): void {
    this.given = this.given * MEMORY + bytes;
    this.read *= MEMORY;
  }

  /** The payload of a message of so many bytes is read. */
  note(bytes: number): void {
    this.read += bytes;
  }

  /** The value of a message of so many bytes was asked for, and could not be made. */
  fail(bytes: number): void {
    this.given += FAILURE * bytes;
  }
}
