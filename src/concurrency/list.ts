/** A value's place in a {@link List}; it names the value when it is to be taken out of the middle. */
export class Place<T> {
  /** The list it is in, or null when it was taken out. */
  list: List<T> | null = null;
  next: Place<T> | null = null;
  prev: Place<T> | null = null;

  constructor(readonly value: T) {}
}

/**
 * A first-in, first-out line that anyone may leave from the middle. All is O(1), and nothing stays
 * behind: a ring would keep a hole for each that left, and 10,000 cancelled requests would fill it.
 */
export class List<T> {
  size = 0;
  private first: Place<T> | null = null;
  private last: Place<T> | null = null;

  /** The value in front, or undefined. */
  get head(): T | undefined {
    return this.first?.value;
  }

  /** The value at the back, or undefined. */
  get tail(): T | undefined {
    return this.last?.value;
  }

  push(value: T): Place<T> {
    const place = new Place(value);
    place.list = this;
    place.prev = this.last;
    if (this.last === null) this.first = place;
    else this.last.next = place;
    this.last = place;
    this.size++;
    return place;
  }

  /** Takes out the value in front; undefined when there is none. */
  shift(): T | undefined {
    const place = this.first;
    if (place === null) return undefined;
    this.unlink(place);
    return place.value;
  }

  /** Takes out the value at `place`. False when it is not, or no longer, in this list. */
  remove(place: Place<T>): boolean {
    if (place.list !== this) return false;
    this.unlink(place);
    return true;
  }

  /** The values from front to back, as they are now. */
  toArray(): T[] {
    const values: T[] = [];
    for (let place = this.first; place !== null; place = place.next) values.push(place.value);
    return values;
  }

  private unlink(place: Place<T>): void {
    if (place.prev === null) this.first = place.next;
    else place.prev.next = place.next;
    if (place.next === null) this.last = place.prev;
    else place.next.prev = place.prev;
    // A dead place that old space still refers to must not keep the ones behind it alive.
    place.list = place.next = place.prev = null;
    this.size--;
  }
}
