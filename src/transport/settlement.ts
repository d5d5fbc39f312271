import { keepLayout } from '../base/layout.js';

/**
 * A promise for several who wait together, settled once. Holding it puts its fulfilment off until it is let go.
 * A rejection that nobody waits for is not an unhandled one: the transport reports failures by `onerror`.
 */
export class Settlement {
  readonly promise: Promise<void>;
  private fulfil!: () => void; // set by the promise's executor, which runs in the constructor
  private refuse!: (error: Error) => void; // likewise
  private holds = 0;
  private ready = false;

  constructor() {
    this.promise = new Promise<void>((resolve, reject) => {
      this.fulfil = resolve;
      this.refuse = reject;
    });
  }

  hold(): void {
    this.holds++;
  }

  letGo(): void {
    if (--this.holds === 0 && this.ready) this.fulfil();
  }

  resolve(): void {
    this.ready = true;
    if (this.holds === 0) this.fulfil();
  }

  reject(error: Error): void {
    this.promise.catch(() => undefined);
    this.refuse(error);
  }
}

keepLayout(new Settlement());
