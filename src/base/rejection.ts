/** A promise rejected with `error`, as an error whatever was thrown. */
export function rejected(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

/** A promise whose rejection may be ignored. */
export function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A rejected promise that may be ignored. */
export function refused(error: unknown): Promise<never> {
  return ignorable(rejected(error));
}
