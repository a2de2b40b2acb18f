// One more node on the database and disk of a test kernel, with one slot.
import { loadConfig } from '../config.ts';
import { databaseRoles } from '../database/roles.ts';
import { type Kernel, startKernel } from '../kernel.ts';
import { SILENT } from '../telemetry/log.ts';
import { TestClock } from '../testing/clock.ts';
import type { TestKernel } from '../testing/kernel.ts';
import { filmLab } from './renders-site.ts';

export function aNodeBeside({ owner }: TestKernel, dataDir: string, renderParts: number): Promise<Kernel> {
  const config = loadConfig(
    { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that is long enough for tests' },
    { dataDir, port: 0, publicUrl: 'http://*', workSlots: 1 },
  );
  const roles = databaseRoles('plinth_test');
  const connections = {
    owner,
    app: { ...owner, user: roles.app },
    roles,
    appPassword: undefined,
    stop: async () => {},
  };
  return startKernel(config, { plugins: [filmLab()], clock: new TestClock(), log: SILENT, connections, renderParts });
}
