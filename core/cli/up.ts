// `plinth up`: the kernel on this machine until it is asked to stop.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { openPostgres } from '../database/embedded/open.ts';
import { errors } from './errors.ts';
import { askedToStop } from './stop-signal.ts';
import type { Verb } from './verb.ts';

export const up: Verb = {
  summary: 'Start the kernel here, with a PostgreSQL of its own unless DATABASE_URL names one.',
  usage: '[--port N]',
  options: { port: { type: 'string' } },
  async run({ options }, print) {
    const stopping = askedToStop();
    const port = portFrom(options.port);
    const kernel = await startKernel({ port }).catch((error) => {
      throw isPortTaken(error) ? portTaken(port) : error;
    });
    const url = `http://localhost:${port}`;
    print({ url, text: `Plinth is up: ${url}\nCtrl-C stops it.` });
    await stopping;
    process.stderr.write('Stopping …\n');
    await kernel.stop();
  },
};

function portFrom(typed: string | boolean | undefined): number {
  const port = Number(typed ?? process.env.PLINTH_PORT ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw errors.wrong_usage({ detail: `"${typed}" is no port.` });
  return port;
}

function portTaken(port: number) {
  return errors.port_taken({ detail: `It is port ${port}. Take another: npm start -- --port ${port + 1}` });
}

const isPortTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/** Stands in for `core/kernel.ts`. */
async function startKernel({ port }: { port: number }): Promise<{ stop(): Promise<void> }> {
  const database = await openPostgres({
    dataDir: join(process.env.PLINTH_DATA_DIR ?? '.plinth', 'postgres'),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const server = createServer((_request, response) => response.end('Plinth'));
  await new Promise<void>((resolve, reject) => server.listen(port, resolve).on('error', reject)).catch(
    async (error) => {
      await database.stop();
      throw error;
    },
  );
  return {
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      await database.stop();
    },
  };
}
