// Starts a kernel that cannot start, says why, and ends by itself: unless something that it opened was left open.
// Usage: node failing-start.ts <options as JSON>, with the configuration in the environment.
import { loadConfig } from '../config.ts';
import { type KernelOptions, startKernel } from '../kernel.ts';
import { SILENT } from '../telemetry/log.ts';

const { connections } = JSON.parse(process.argv[2] ?? '{}') as KernelOptions;
const options = connections ? { connections: { ...connections, stop: async () => {} } } : {};
try {
  const kernel = await startKernel(loadConfig(process.env), { log: SILENT, ...options });
  await kernel.listen().finally(() => kernel.stop());
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : String(error));
}
