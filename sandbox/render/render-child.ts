// The process that plays one render's effect and makes its frames, seen from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { LATE_WORDS } from '../child/watch-slots.ts';
import type { Compiled } from '../javascript/compile.ts';
import { explain, type Limits } from '../limits.ts';
import { explained } from '../supervisor/explained.ts';
import { killWhole } from '../supervisor/kill.ts';
import { findWall, startOf } from '../supervisor/wall.ts';
import { renderErrors } from './errors.ts';
import type { FromRenderChild, ToRenderChild } from './protocol.ts';

const IPC = 3;
const LAST_WORDS = 2_000;

export interface RenderChildOptions {
  /** What it reads and writes frames with. */
  readonly framesIn: number;
  readonly framesOut: number;
  /** What it is told to open, in the same order. */
  readonly effects: readonly Compiled[];
  readonly limits: Limits;
  readonly onPrint?: (text: string) => void;
  /** It is still at work. */
  readonly onMove: () => void;
  /** What it plays, one number after the other. */
  readonly plays?: 'frame' | 'block';
}

type Said<S extends FromRenderChild['say']> = Extract<FromRenderChild, { say: S }>;

export class RenderChild {
  readonly #process: ChildProcess;
  readonly #options: RenderChildOptions;
  /** When nothing is left of it. */
  readonly ended: Promise<void>;
  #settle: { resolve(said: FromRenderChild): void; reject(error: Error): void } | undefined;
  #gone: Error | undefined;
  #words = '';

  constructor(options: RenderChildOptions) {
    this.#options = options;
    const { file, args, ...start } = startOf(findWall(), IPC, 'child/render.ts');
    const { framesIn, framesOut } = options;
    this.#process = spawn(file, args, {
      ...start,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', framesIn, framesOut],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = `${this.#words}${text}`.slice(-LAST_WORDS);
    });
    this.#process.on('message', (said: FromRenderChild) => this.#hear(said));
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#gone = this.#endOf(reason);
        this.#settle?.reject(this.#gone);
        resolve();
      };
      this.#process.on('error', (error) => end(error.message));
      this.#process.on('close', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get #plays(): 'frame' | 'block' {
    return this.#options.plays ?? 'frame';
  }

  /** Says something, and answers what the child says to that. */
  async ask<S extends 'described' | 'opened' | 'timed' | 'done'>(message: ToRenderChild, answer: S): Promise<Said<S>> {
    const said = await new Promise<FromRenderChild>((resolve, reject) => {
      if (this.#gone) return reject(this.#gone);
      this.#settle = { resolve, reject };
      this.#process.send(message, () => {});
    }).finally(() => {
      this.#settle = undefined;
    });
    if (said.say === answer) return said as Said<S>;
    if (said.say !== 'failed')
      throw renderErrors.effect_failed({ detail: 'Its process said something else than it should.' });
    throw this.#failed(said);
  }

  #failed({ failure, frame, effect = 0 }: Said<'failed'>): Error {
    const { effects, limits } = this.#options;
    const at = frame === undefined ? {} : { [this.#plays]: Number(frame) };
    const compiled = effects[Number(effect)];
    if (!compiled) return renderErrors.effect_failed({ detail: 'Its process said something else than it should.' });
    const error = explained(failure, limits, compiled);
    // Whoever plays several wants to know which.
    const detail = effects.length > 1 ? `${compiled.program.file}: ${error.message}` : error.message;
    return renderErrors.effect_failed({ detail, error, ...at });
  }

  #endOf(reason: string): Error {
    const [, late] = new RegExp(`${LATE_WORDS} (-?\\d+)`).exec(this.#words) ?? [];
    if (late === undefined)
      return renderErrors.effect_failed({ detail: `Its process ended: ${reason}. ${this.#words.trim()}`.trim() });
    const code = Number(late) >= 0 ? this.#plays : 'setup';
    const frame = code === 'setup' ? {} : { [code]: Number(late) };
    const error = { code: `sandbox.${code}`, message: explain[code]() };
    return renderErrors.effect_failed({ detail: error.message, error, ...frame });
  }

  kill(): void {
    killWhole(this.#process);
  }

  #hear(said: FromRenderChild): void {
    this.#options.onMove();
    if (said.say === 'printed') this.#options.onPrint?.(String(said.text));
    else if (said.say !== 'ready' && said.say !== 'at') this.#settle?.resolve(said);
  }
}
