// `plinth up`: the kernel on this machine until it is asked to stop.
import { type Config, loadConfig } from '../config.ts';
import { type Kernel, startKernel } from '../kernel.ts';
import { DEMO_LOGINS, DEMO_PASSWORD, ensureDemo, OPERATOR } from './demo.ts';
import { errors } from './errors.ts';
import { askedToStop } from './stop-signal.ts';
import type { Result, Typed } from './verb.ts';

export async function up({ options }: Typed, print: (result: Result) => void): Promise<void> {
  const stopping = askedToStop();
  const config = configFrom(options.port);
  const kernel = await startKernel(config);
  const { port } = await listen(kernel, config);
  if (config.mode === 'development') await ensureDemo(kernel, config.platformHost);
  const url = `http://${config.platformHost}:${port}`;
  print({
    url,
    plugins: [...kernel.host.loaded.keys()],
    setAside: Object.fromEntries(kernel.host.quarantined),
    text: welcome(kernel, config, url),
  });
  await stopping;
  process.stderr.write('Stopping …\n');
  await kernel.stop();
}

function configFrom(typed: string | boolean | undefined): Config {
  if (typed === undefined) return loadConfig(process.env);
  const port = Number(typed);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw errors.wrong_usage({ detail: `"${typed}" is no port.` });
  return loadConfig(process.env, { port });
}

async function listen(kernel: Kernel, { port }: Config): Promise<{ port: number }> {
  try {
    return await kernel.listen();
  } catch (error) {
    await kernel.stop();
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw errors.port_taken({ detail: `It is port ${port}. Take another: npm start -- --port ${port + 1}` });
  }
}

function welcome({ host }: Kernel, { mode, platformHost }: Config, url: string): string {
  const setAside = [...host.quarantined].map(([plugin, reason]) => `  set aside: ${plugin}: ${reason}`);
  const lines = [`Plinth is up: ${url}`, `  plugins: ${[...host.loaded.keys()].join(', ') || 'none'}`, ...setAside];
  if (mode !== 'development') return lines.join('\n');
  const operatorUrl = url.replace(platformHost, `platform.${platformHost}`);
  return [
    ...lines,
    '',
    `Sign in (the password is always "${DEMO_PASSWORD}"):`,
    ...DEMO_LOGINS.map(({ email, role }) => `  ${email.padEnd(26)} ${role}`),
    `  ${OPERATOR.padEnd(26)} runs the platform, at ${operatorUrl}`,
    '',
    'Try next:',
    `  ${url}/docs/api                     the API of everything that is switched on`,
    `  ${url}/api/kernel/mail/mailbox      mail that would have been sent`,
    '  docs/tutorials/first-plugin.md       your first plugin in ten minutes',
    '  docs/tutorials/first-effect.md       your first effect in ten minutes',
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
