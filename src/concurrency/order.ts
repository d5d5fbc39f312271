import type { JsonRpcMessage } from '../message/message.js';
import { type Job, Turn } from './job.js';
import { Line } from './line.js';

/** Lets responses leave in the order of their requests: one that is early is held until those before it are gone. */
export class OrderKeeper {
  /** Responses held. */
  held = 0;
  private readonly line = new Line<Turn>();

  /** A request came. */
  enter(job: Job): void {
    this.line.push((job.turn = new Turn(job)));
  }

  /** It will have no response: those behind it need not wait for it. */
  leave(job: Job): void {
    if (job.turn === null) return;
    this.line.remove(job.turn);
    job.turn = null;
    this.flush();
  }

  /** It has its response. */
  answer(turn: Turn, response: JsonRpcMessage): void {
    turn.response = response;
    this.held++;
    this.flush();
  }

  private flush(): void {
    for (let turn = this.line.head; turn !== null && turn.response !== null; turn = this.line.head) {
      const { job, response } = turn;
      const { receiver } = job;
      this.line.shift();
      this.held--;
      turn.response = job.turn = job.receiver = null;
      receiver?.answer(response);
    }
  }
}
