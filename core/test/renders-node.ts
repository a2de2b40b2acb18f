// A worker in a process of its own, for tests that end it badly. It prints a line when it is up; SIGTERM stops it.
// Usage: node renders-node.ts '{ "dataDir": "…", "owner": { … } }'
import { askedToStop } from '../cli/stop-signal.ts';
import { loadConfig } from '../config.ts';
import { databaseRoles } from '../database/roles.ts';
import { startKernel } from '../kernel.ts';
import { TestClock } from '../testing/clock.ts';
import type { Connection } from '../testing/database.ts';
import { filmLab } from './renders-site.ts';

const { dataDir, owner } = JSON.parse(process.argv[2] ?? '{}') as { dataDir: string; owner: Connection };
const stopping = askedToStop();
const config = loadConfig(
  { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that is long enough for tests', PLINTH_LOG_LEVEL: 'error' },
  { dataDir, port: 0, publicUrl: 'http://*', workSlots: 1 },
);
const roles = databaseRoles('plinth_test');
const app = { ...owner, user: roles.app };
const kernel = await startKernel(config, {
  plugins: [filmLab()],
  clock: new TestClock(),
  connections: { owner, app, roles, appPassword: undefined, stop: async () => {} },
});
process.stdout.write('up\n');
await stopping;
await kernel.stop();
