// Other ways to run a program that is given as text, most of which hold no wall: each starts one anew and answers how to
// call it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';

export interface Opened {
  call(input?: unknown): Promise<unknown>;
  close(): unknown;
}

export interface Rival {
  readonly name: string;
  /** What is started anew, for a cold start. */
  readonly anew: string;
  open(code: string): Promise<Opened>;
}

/** Those that are installed here. */
export async function rivals(): Promise<readonly Rival[]> {
  return [nodeVm, worker, await quickJs(), workerd()].filter((rival) => rival !== undefined);
}

const nodeVm: Rival = {
  name: 'node:vm',
  anew: 'a context',
  async open(code) {
    const call = vm.runInNewContext(`(input) => JSON.stringify((${code})(input && JSON.parse(input)))`);
    return { call: async (input) => JSON.parse(call(input && JSON.stringify(input))), close() {} };
  },
};

const worker: Rival = {
  name: 'worker',
  anew: 'a thread',
  async open(code) {
    const thread = new Worker(
      `const { parentPort } = require('node:worker_threads'); const run = ${code};
       parentPort.on('message', (input) => parentPort.postMessage(run(input)));`,
      { eval: true },
    );
    const call = (input?: unknown) =>
      new Promise((resolve) => {
        thread.once('message', resolve);
        thread.postMessage(input);
      });
    return { call, close: () => thread.terminate() };
  },
};

async function quickJs(): Promise<Rival | undefined> {
  const path: string = 'quickjs-emscripten';
  const { getQuickJS } = (await import(path).catch(() => ({}))) as { getQuickJS?: () => Promise<QuickJs> };
  const engine = await getQuickJS?.();
  if (!engine) return undefined;
  return {
    name: 'quickjs',
    anew: 'a context',
    async open(code) {
      const context = engine.newContext();
      context
        .unwrapResult(
          context.evalCode(`globalThis.run = (input) => JSON.stringify((${code})(input && JSON.parse(input)))`),
        )
        .dispose();
      const call = async (input?: unknown) => {
        const given = input === undefined ? '' : JSON.stringify(JSON.stringify(input));
        const handle = context.unwrapResult(context.evalCode(`run(${given})`));
        const said = context.dump(handle);
        handle.dispose();
        return JSON.parse(said);
      };
      return { call, close: () => context.dispose() };
    },
  };
}

interface QuickJs {
  newContext(): {
    evalCode(code: string): unknown;
    unwrapResult(result: unknown): { dispose(): void };
    dump(handle: unknown): string;
    dispose(): void;
  };
}

/** Asked over HTTP on the loopback interface, as it is used; every program is a process, as it takes none in while it runs. */
function workerd(): Rival | undefined {
  const program = workerdProgram();
  if (program === undefined) return undefined;
  return {
    name: 'workerd',
    anew: 'a process',
    async open(code) {
      const [directory, port] = [mkdtempSync(join(tmpdir(), 'plinth-bench-')), await freePort()];
      writeFileSync(join(directory, 'main.js'), workerOf(code));
      writeFileSync(join(directory, 'config.capnp'), configOf(port));
      const process = spawn(program, ['serve', join(directory, 'config.capnp')], { stdio: 'ignore' });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const call = (input?: unknown) => post(agent, port, JSON.stringify(input ?? null));
      await answers(process, call);
      const close = async () => {
        agent.destroy();
        process.kill('SIGKILL');
        await once(process, 'exit');
        rmSync(directory, { recursive: true });
      };
      return { call, close };
    },
  };
}

function workerdProgram(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('workerd/bin/workerd');
  } catch {
    return undefined;
  }
}

const workerOf = (code: string) => `const run = ${code};
export default { async fetch(request) { return Response.json(run(await request.json()) ?? null); } };`;

const configOf = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "main", esModule = embed "main.js")], compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function post(agent: Agent, port: number, body: string): Promise<unknown> {
  const asked = request({ agent, port, host: '127.0.0.1', method: 'POST' });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  return JSON.parse(await text(answer));
}

/** It is there when it answers: as soon as that, as it does not say so. */
async function answers(process: ChildProcess, call: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 5_000 && process.exitCode === null; tries++) {
    const there = await call().then(
      () => true,
      (error: { code?: string }) => error.code !== 'ECONNREFUSED',
    );
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('workerd did not start.');
}
