/** What the demo's two processes call each other for. */

export interface ServerMethods {
  /** Who answers: the process, and the backend that it runs on. */
  hello: { params: { name: string }; result: { greeting: string; pid: number; backend: string } };
  echo: { params: { text: string }; result: { text: string } };
  /** Does its work in steps, and reports each. */
  work: { params: { steps: number }; result: { done: number } };
  /** Asks the caller back. */
  ask: { params: { what: string }; result: { answer: string } };
  /** Never ends by itself. */
  wait: { result: never };
  /** How many requests were given up by the caller. */
  cancelled: { result: number };
  /** A table of about so many bytes, with its number of rows behind them. */
  table: { params: { bytes: number }; result: { rows: unknown[]; count: number } };
  /** Prints a line to standard output that is no message, as a stray `console.log` does. */
  noise: { result: { printed: string } };
  /** Ends its process with status 3. */
  crash: { result: never };
}

export interface ClientMethods {
  answer: { params: { what: string }; result: { answer: string } };
}
