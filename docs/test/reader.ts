// Somebody who follows a page to the letter: in a copy of the repository, with a terminal for the server and a shell.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type CommandStep, missingIn, type Step } from './page.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOT_COPIED = new Set(['.git', 'node_modules', '.plinth', 'dist', 'coverage']);
const PATIENCE_MS = 240_000;
const WRITTEN_PORT = /localhost:8080/g;

export class Reader implements AsyncDisposable {
  readonly #directory: string;
  readonly #port: number;
  readonly #shell: Terminal;
  #server: Terminal | undefined;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.#port = port;
    this.#shell = new Terminal(directory, this.#environment());
  }

  static async begin(): Promise<Reader> {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'plinth reader-')));
    cpSync(ROOT, directory, { recursive: true, filter: (path) => path === ROOT || !NOT_COPIED.has(basename(path)) });
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    return new Reader(directory, await freePort());
  }

  async follow(step: Step): Promise<void> {
    if (step.kind === 'command') return this.#run(step);
    const file = join(this.#directory, step.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, step.text);
  }

  async #run({ command, prints, line }: CommandStep): Promise<void> {
    const promised = prints.map((each) => each.replace(WRITTEN_PORT, `localhost:${this.#port}`));
    const typed = command.replace(WRITTEN_PORT, `localhost:${this.#port}`);
    if (typed.startsWith('npm start')) {
      // Ctrl-C, and again: a page has one server at a time.
      await this.#server?.interrupt();
      this.#server = new Terminal(this.#directory, this.#environment(), `exec ${typed}`);
      await this.#server.until((output) => missingIn(output, promised) === undefined, `line ${line}: ${command}`);
      return;
    }
    const { output, code } = await this.#shell.type(typed);
    if (code !== 0) throw new Error(`line ${line}: "${command}" ended with ${code}:\n${output}`);
    const missing = missingIn(output, promised);
    if (missing !== undefined)
      throw new Error(`line ${line}: "${command}" should print\n${missing}\nand printed\n${output}`);
  }

  /** As in a fresh terminal, not as in a test. */
  #environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, USER, LANG, TMPDIR } = process.env;
    return { PATH, HOME, USER, LANG, TMPDIR, NO_COLOR: '1', PLINTH_PORT: String(this.#port) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.interrupt();
    await this.#shell.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A shell that keeps its variables between commands, or one command that runs until it is interrupted. */
class Terminal {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';
  #heard: () => void = () => {};

  constructor(cwd: string, env: NodeJS.ProcessEnv, command?: string) {
    const args = command === undefined ? ['-s'] : ['-c', command];
    // In a group of its own: an interrupt reaches everything that was started in it, as from a keyboard.
    this.#process = spawn('bash', args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#heard();
      });
    }
    this.#ended = new Promise((resolve) => this.#process.on('close', resolve)).then(() => this.#heard());
  }

  async type(command: string): Promise<{ output: string; code: number }> {
    this.#output = '';
    this.#process.stdin?.write(`${command}\nprintf '\\n[ended %s]\\n' $?\n`);
    await this.until((output) => /\[ended \d+\]\n$/.test(output), command);
    const [, output = '', code] = /^([\s\S]*)\n\[ended (\d+)\]\n$/.exec(this.#output) ?? [];
    return { output, code: Number(code) };
  }

  async until(done: (output: string) => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!done(this.#output)) {
      const over = this.#process.exitCode !== null || deadline.aborted;
      if (over) throw new Error(`${what} did not come so far:\n${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async interrupt(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.pid !== undefined) process.kill(-this.#process.pid, 'SIGINT');
    await this.#ended;
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
