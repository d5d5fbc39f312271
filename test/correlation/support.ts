import { setImmediate as nextTurn } from 'node:timers/promises';
import { AirsMcpError } from '../../src/base/errors.js';
import type { Clock } from '../../src/correlation/clock.js';
import type { CorrelationConfig } from '../../src/correlation/config.js';
import { CorrelationManager } from '../../src/correlation/manager.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { bytesOf, resultText } from '../support/frames.js';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Time that passes when it is told to. What the clock shows can be set apart from it; timers keep to the time that passed. */
export class FakeClock implements Clock {
  dear = false;
  /** Timers set so far. */
  set = 0;
  readonly #timers = new Set<Timer>();
  #passed = 0;
  #skew: number;

  constructor(start = 1_000) {
    this.#skew = start;
  }

  now(): number {
    return this.#passed + this.#skew;
  }

  setTimer(fire: () => void, delay: number): unknown {
    if (!(delay >= 1 && delay <= 2 ** 31 - 1)) throw new RangeError(`a timer of ${delay} ms`);
    const timer = { at: this.#passed + delay, fire };
    this.#timers.add(timer);
    this.set++;
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and what is armed fire. */
  advance(ms: number): void {
    const end = this.#passed + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#passed = Math.max(this.#passed, next.at);
      this.#timers.delete(next);
      next.fire();
    }
    this.#passed = end;
  }

  /** Lets time pass while code runs: what is armed fires later. */
  hold(ms: number): void {
    this.#passed += ms;
  }

  /** Makes the clock show another time, forward or backward, while none passes. */
  jump(ms: number): void {
    this.#skew += ms;
  }
}

/** A manager on a fake clock, and what it gave up. */
export function setUp(config: Partial<CorrelationConfig> = {}, clock = new FakeClock()) {
  const abandoned: [string | number, string][] = [];
  const onAbandoned = (id: string | number, reason: AirsMcpError): void => void abandoned.push([id, reason.code]);
  return { clock, abandoned, manager: new CorrelationManager({ cleanupInterval: 1, ...config }, { clock, onAbandoned }) };
}

/** A message as it arrives. */
export const arriving = (text: string): JsonRpcMessage => JsonRpcMessage.fromBytes(bytesOf(text));

/** A response to the id that is given as JSON text. */
export const answer = (idText: string | number, result: unknown = 'ok'): JsonRpcMessage =>
  arriving(resultText(String(idText), JSON.stringify(result)));

/** An error response. */
export const errorAnswer = (idText: string | number, error: string): JsonRpcMessage =>
  arriving(`{"jsonrpc":"2.0","id":${idText},"error":${error}}`);

/** Whether the message's bytes were given back. */
export function isReleased(message: JsonRpcMessage): boolean {
  try {
    message.toBytes();
    return false;
  } catch {
    return true;
  }
}

/** Follows a promise: `said` is what became of it, a value as JSON or an error's code. `times` counts how often. */
export function follow(promise: Promise<unknown>): { said: string; times: number; error: unknown } {
  const fate = { said: 'pending', times: 0, error: undefined as unknown };
  promise.then(
    (value) => {
      fate.said = JSON.stringify(value) ?? 'undefined';
      fate.times++;
    },
    (error: unknown) => {
      fate.said = error instanceof AirsMcpError ? error.code : String(error);
      fate.error = error;
      fate.times++;
    },
  );
  return fate;
}

/** Lets all that is settled be noticed. */
export const settle = (): Promise<void> => nextTurn();

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<AirsMcpError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AirsMcpError) return error;
    throw error;
  }
  throw new Error('the promise was fulfilled');
}

/** The code that a promise rejects with. */
export const codeOf = async (promise: Promise<unknown>): Promise<string> => (await failureOf(promise)).code;
