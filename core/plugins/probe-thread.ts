// Runs in a thread of its own: imports plugins one after the other and says how each went.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

for (const file of workerData as string[]) {
  try {
    await import(pathToFileURL(file).href);
    parentPort?.postMessage({ file });
  } catch (error) {
    parentPort?.postMessage({ file, error: error instanceof Error ? error.message : String(error) });
  }
}
