/** Whoever may hold a permit. Only {@link Permits} writes to it. */
export interface PermitHolder {
  permit: boolean;
}

/** Counts who may be active. A permit belongs to its holder, so that it is given back once, whoever tries. */
export class Permits {
  /** Permits in use. */
  active = 0;
  /** Most in use so far. */
  peak = 0;

  /** @param limit how many there are */
  constructor(readonly limit: number) {}

  get free(): boolean {
    return this.active < this.limit;
  }

  /** False when all are in use, or when `holder` has one. */
  take(holder: PermitHolder): boolean {
    if (holder.permit || this.active >= this.limit) return false;
    holder.permit = true;
    this.active++;
    if (this.active > this.peak) this.peak = this.active;
    return true;
  }

  /** False, and nothing happens, when `holder` has none. */
  give(holder: PermitHolder): boolean {
    if (!holder.permit) return false;
    holder.permit = false;
    this.active--;
    return true;
  }
}
