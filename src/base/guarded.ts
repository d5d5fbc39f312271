/** Calls back to the user: what that throws must not disturb what goes on here. By default it becomes an uncaught exception. */
export function guarded(callback: () => void, onerror: (error: unknown) => void = rethrowLater): void {
  try {
    callback();
  } catch (error) {
    onerror(error);
  }
}

/** The mistake is the user's, and there is nobody else to tell: an uncaught exception, as from any event listener. */
function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
