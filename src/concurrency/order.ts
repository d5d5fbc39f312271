import type { JsonRpcMessage } from '../message/message.js';
import type { Job } from './job.js';
import { List } from './list.js';

/** Lets responses leave in the order of their requests: one that is early is held until those before it are gone. */
export class OrderKeeper {
  /** Responses held. */
  held = 0;
  private readonly line = new List<Job>();

  /** A request came. */
  enter(job: Job): void {
    job.turn = this.line.push(job);
  }

  /** It will have no response: those behind it need not wait for it. */
  leave(job: Job): void {
    if (job.turn === null) return;
    this.line.remove(job.turn);
    job.turn = null;
    this.flush();
  }

  /** It has its response. */
  answer(job: Job, response: JsonRpcMessage): void {
    job.response = response;
    this.held++;
    this.flush();
  }

  private flush(): void {
    for (let job = this.line.head; job !== undefined && job.response !== null; job = this.line.head) {
      const { receiver, response } = job;
      this.line.shift();
      this.held--;
      job.turn = job.response = job.receiver = null;
      receiver?.answer(response);
    }
  }
}
