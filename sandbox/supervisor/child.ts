// One child process: started behind the wall, told one thing at a time, and killed when it does not answer in time.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { MESSAGE_BYTES } from '../limits.ts';
import { Channel } from './channel.ts';
import { type Answer, answerOf, lastAnswer } from './heard.ts';
import { killWhole } from './kill.ts';
import type { FromChild, ToChild } from './protocol.ts';
import { startOf, type Wall } from './wall.ts';

/** What a child may say while it is at work on something. */
export interface Listener {
  printed(text: string): void;
  asks(call: string, name: string, argument: string): Promise<{ text?: string; error?: string }>;
}

const READY_WITHIN_MS = 30_000;
const LAST_WORDS = 2_000;
/** The descriptor on which a child talks to us. */
const CHANNEL = 3;

export class Child {
  /** Set for ever by its first guest: no process serves two parties. */
  party: string | undefined;
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  readonly #channel: Channel<FromChild, ToChild>;
  readonly #ready = Promise.withResolvers<void>();
  #listener: Listener | undefined;
  #settle: ((answer: Answer) => void) | undefined;
  #words = '';
  #why: string | undefined;
  #alive = true;

  constructor(wall: Wall, snapshots: string, onEnd: (child: Child) => void) {
    const { file, args, ...options } = startOf(wall, undefined, 'child/main.ts', snapshots);
    this.#process = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = `${this.#words}${text}`.slice(-LAST_WORDS);
    });
    this.#socket = this.#process.stdio[CHANNEL] as Socket;
    this.#channel = new Channel<FromChild, ToChild>(
      this.#socket,
      MESSAGE_BYTES,
      (message) => this.#hear(message),
      (why) => {
        this.#why ??= why;
        this.kill();
      },
    );
    const late = setTimeout(() => this.kill(), READY_WITHIN_MS).unref();
    // Whoever waits for it hears it; a spare that nobody waits for must not end us.
    this.#ready.promise.catch(() => {}).finally(() => clearTimeout(late));
    // Its last words are heard by the time that it is closed, not when it exits.
    const end = (reason: string) => {
      if (this.#alive) onEnd(this);
      this.#alive = false;
      this.#end(reason);
    };
    this.#process.on('error', (error) => end(error.message));
    this.#process.on('exit', () => {
      if (this.#alive) onEnd(this);
      this.#alive = false;
    });
    this.#process.on('close', (code, signal) => end(signal ?? `exit code ${code}`));
    this.unref();
  }

  get alive(): boolean {
    return this.#alive;
  }

  ready(): Promise<void> {
    this.#refer(true);
    return this.#ready.promise;
  }

  /** While somebody waits for it, it keeps us alive; idle it does not. */
  unref(): void {
    this.#refer(false);
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
      this.#channel.say(message);
      const answer = await answered;
      return late ? { ...answer, failure: { code: 'time', message: '' } } : answer;
    } finally {
      clearTimeout(watchdog);
      this.#settle = undefined;
      this.#listener = undefined;
    }
  }

  /** Says something that has no answer, as soon as it can be heard. */
  mention(message: ToChild): void {
    this.#ready.promise.then(
      () => this.#channel.say(message),
      () => {},
    );
  }

  kill(): void {
    killWhole(this.#process);
  }

  #refer(isNeeded: boolean): void {
    const how = isNeeded ? 'ref' : 'unref';
    this.#process[how]();
    this.#socket[how]();
    (this.#process.stderr as Socket | null)?.[how]();
  }

  #end(reason: string): void {
    const words = `${this.#why ?? reason}. ${this.#words}`.trim();
    this.#ready.reject(new Error(`A sandbox process ended: ${words}`));
    this.#settle?.(
      lastAnswer(this.#words) ?? { failure: { code: 'crashed', message: words }, cpuMs: 0, peakMemory: 0 },
    );
  }

  #hear(message: FromChild): void {
    const { text = '' } = message;
    if (message.say === 'ready') this.#ready.resolve();
    else if (message.say === 'printed') this.#listener?.printed(text);
    else if (message.say === 'asks')
      void this.#answer(message.request, String(message.call), String(message.name), text);
    else if (message.say === 'done') this.#settle?.(answerOf(message));
  }

  async #answer(request: number, call: string, name: string, argument: string): Promise<void> {
    const answer = await this.#listener?.asks(call, name, argument);
    if (answer) this.#channel.say({ do: 'answer', call, request, ...answer });
  }
}
