const kept: object[] = [];

/**
 * Keeps one instance of a class for good, and with it the layout that V8 gave the class.
 *
 * For classes whose objects come and go with messages: a full collection at a moment when none of them lives would drop the
 * layout, and with it all compiled code that knows it. After a pause a connection would begin anew, at a part of its rate.
 */
export function keepLayout(instance: object): void {
  kept.push(instance);
}
