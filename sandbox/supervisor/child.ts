// One child process: started behind the wall, told one thing at a time, and killed when it does not answer in time.
import { type ChildProcess, spawn } from 'node:child_process';
import { killWhole } from './kill.ts';
import type { Failure, FromChild, ToChild } from './protocol.ts';
import { startOf, type Wall } from './wall.ts';

export interface Answer {
  readonly value?: string;
  readonly failure?: Failure;
  readonly cpuMs: number;
  readonly peakMemory: number;
}

/** What a child may say while it is at work on something. */
export interface Listener {
  printed(text: string): void;
  asks(call: string, name: string, argument: string): Promise<{ value?: string; error?: string }>;
}

const READY_WITHIN_MS = 30_000;
const IPC = 3;

export class Child {
  /** Set for ever by its first guest: no process serves two parties. */
  party: string | undefined;
  readonly #process: ChildProcess;
  readonly #ready: Promise<void>;
  #listener: Listener | undefined;
  #settle: ((answer: Answer) => void) | undefined;
  #alive = true;

  constructor(wall: Wall, snapshots: string, onEnd: (child: Child) => void) {
    const { file, args, ...options } = startOf(wall, IPC, 'child/main.ts', snapshots);
    this.#process = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let words = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-2_000);
    });
    this.#ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => this.kill(), READY_WITHIN_MS).unref();
      const end = (reason: string) => {
        clearTimeout(late);
        if (this.#alive) onEnd(this);
        this.#alive = false;
        reject(new Error(`A sandbox process ended: ${reason}. ${words}`.trim()));
        this.#settle?.({
          failure: { code: 'crashed', message: `${reason}. ${words}`.trim() },
          cpuMs: 0,
          peakMemory: 0,
        });
      };
      this.#process.on('error', (error) => end(error.message));
      this.#process.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      this.#process.on('message', (message: FromChild) => {
        if (message.say === 'ready') {
          clearTimeout(late);
          resolve();
        } else this.#hear(message);
      });
    });
    // Whoever waits for it hears it; a spare that nobody waits for must not end us.
    this.#ready.catch(() => {});
    this.unref();
  }

  get alive(): boolean {
    return this.#alive;
  }

  get busy(): boolean {
    return this.#settle !== undefined;
  }

  ready(): Promise<void> {
    this.ref();
    return this.#ready;
  }

  /** While somebody waits for it, it keeps us alive; idle it does not. */
  ref(): void {
    this.#process.ref();
    this.#process.channel?.ref();
  }

  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
  }

  /** One thing at a time: so a crash costs one call. */
  async tell(message: ToChild, wallMs: number, listener: Listener): Promise<Answer> {
    this.#listener = listener;
    let late = false;
    const answered = new Promise<Answer>((resolve) => {
      this.#settle = resolve;
    });
    const watchdog = setTimeout(() => {
      late = true;
      this.kill();
    }, wallMs);
    try {
      this.#send(message);
      const answer = await answered;
      if (!late) return answer;
      return { ...answer, failure: { code: 'time', message: '' } };
    } finally {
      clearTimeout(watchdog);
      this.#settle = undefined;
      this.#listener = undefined;
    }
  }

  /** Says something that has no answer, as soon as it can be heard. */
  mention(message: ToChild): void {
    this.#ready.then(
      () => this.#send(message),
      () => {},
    );
  }

  kill(): void {
    killWhole(this.#process);
  }

  #send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #hear(message: FromChild): void {
    if (message.say === 'printed') this.#listener?.printed(String(message.text));
    else if (message.say === 'asks') void this.#answer(message);
    else if (message.say === 'done') this.#settle?.(message);
  }

  async #answer({ call, request, name, argument }: Extract<FromChild, { say: 'asks' }>): Promise<void> {
    const answer = await this.#listener?.asks(String(call), String(name), String(argument));
    if (answer) this.#send({ do: 'answer', request, ...answer });
  }
}
