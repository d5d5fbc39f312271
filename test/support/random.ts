/** A small generator of repeatable random numbers: the same seed gives the same cases on every machine. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    // The multiplier spreads neighbouring seeds; zero would stay zero.
    this.#state = Math.imul(seed, 0x9e3779b1) || 1;
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % bound;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** `count` results of `make`, joined. */
  joined(count: number, separator: string, make: () => string): string {
    return Array.from({ length: count }, make).join(separator);
  }
}
