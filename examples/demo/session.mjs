import { JsonRpcMessage } from '../../dist/index.js';

/** The least that a client needs over a transport: ids, and whom an answer is for. */
export class Session {
  #transport;
  #waiting = new Map();
  #lastId = 0;

  constructor(transport) {
    this.#transport = transport;
    transport.onmessage = (message) => this.#take(message);
    transport.onclose = () => this.#waiting.forEach(({ reject }) => reject(new Error('the server is gone')));
  }

  /** Sends a request; gives the answer as a message whose result is still bytes. The caller releases it. */
  async request(method, params) {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    await this.#transport.send(JsonRpcMessage.request(id, method, params));
    return answer;
  }

  notify(method, params) {
    return this.#transport.send(JsonRpcMessage.notification(method, params));
  }

  #take(message) {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return message.release();
    this.#waiting.delete(message.id);
    if (message.kind === 'response') waiting.resolve(message);
    else waiting.reject(new Error(message.error?.message ?? message.failure?.message));
  }
}
