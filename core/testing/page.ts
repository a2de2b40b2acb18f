// What the script in a page does with the socket of its site.
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Frame {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** A page: keeps what it was told, in order. */
export class Page {
  readonly socket: WebSocket;
  readonly told: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(port: number, site: string, protocols: string[], headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/kernel/realtime`, protocols, {
      headers: { host: `${site}.localhost:${port}`, ...headers },
    });
    this.socket.on('message', (data) => {
      this.told.push(JSON.parse(String(data)) as Frame);
      for (const check of this.#waiting.splice(0)) check();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: String(reason) });
        for (const check of this.#waiting.splice(0)) check();
      });
    });
  }

  async tell(message: object): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    this.socket.send(JSON.stringify(message));
  }

  /** The first message, past or future, that fits. */
  async hears(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    for (;;) {
      const found = this.told.find((frame) => frame.type === type && fits(frame));
      if (found) return found;
      await this.#more(`a ${type}`);
    }
  }

  /** Asks and waits for the answer with the same number. */
  async ask(message: { type: string; [member: string]: unknown }): Promise<Frame> {
    this.#next += 1;
    const id = this.#next;
    await this.tell({ ...message, id });
    for (;;) {
      const answer = this.told.find((frame) => frame.id === id);
      if (answer) return answer;
      await this.#more(`the answer to ${message.type}`);
    }
  }

  async #more(wanted: string): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) {
      const { code, reason } = await this.closed;
      throw new Error(`the socket was closed (${code} ${reason}) before ${wanted} came`);
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  join(channel: string, more: object = {}): Promise<Frame> {
    return this.ask({ type: 'join', channel, ...more });
  }

  texts(): unknown[] {
    return this.told.filter(({ type }) => type === 'event').map(({ event }) => (event as { text: string }).text);
  }

  code(answer: Frame): unknown {
    return (answer.problem as { code: string } | undefined)?.code;
  }

  /** What was sent before has been handled when this is answered. */
  settled(): Promise<Frame> {
    const before = this.told.filter(({ type }) => type === 'pong').length;
    void this.tell({ type: 'ping' });
    return this.hears('pong', (frame) => this.told.filter(({ type }) => type === 'pong').indexOf(frame) >= before);
  }
}
