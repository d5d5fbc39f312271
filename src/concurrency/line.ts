/** What may stand in a {@link Line}: in one at a time. The fields are the line's alone. */
export interface LineMember<T extends LineMember<T>> {
  /** The line it stands in; null outside. */
  line: Line<T> | null;
  ahead: T | null;
  behind: T | null;
}

/**
 * A first-in, first-out line that anyone may leave from the middle. All is O(1), and nothing stays
 * behind: a ring would keep a hole for each that left, and 10,000 cancelled requests would fill it. The links are
 * in the members themselves: what waits long is moved by the garbage collector, so each object fewer counts.
 */
export class Line<T extends LineMember<T>> {
  size = 0;
  private first: T | null = null;
  private last: T | null = null;

  /** Who stands in front, or null. */
  get head(): T | null {
    return this.first;
  }

  /** Lets in one that stands in no line. */
  push(member: T): void {
    member.line = this;
    member.ahead = this.last;
    if (this.last === null) this.first = member;
    else this.last.behind = member;
    this.last = member;
    this.size++;
  }

  /** Takes out who stands in front; null when there is none. */
  shift(): T | null {
    const { first } = this;
    if (first !== null) this.unlink(first);
    return first;
  }

  /** Takes one out. False when it is not in this line. */
  remove(member: T): boolean {
    if (member.line !== this) return false;
    this.unlink(member);
    return true;
  }

  /** All from front to back, as they stand now. */
  toArray(): T[] {
    const members: T[] = [];
    for (let member = this.first; member !== null; member = member.behind) members.push(member);
    return members;
  }

  private unlink(member: T): void {
    if (member.ahead === null) this.first = member.behind;
    else member.ahead.behind = member.behind;
    if (member.behind === null) this.last = member.ahead;
    else member.behind.ahead = member.ahead;
    // One that left and that old space still refers to must not keep the ones behind it alive.
    member.line = member.ahead = member.behind = null;
    this.size--;
  }
}
