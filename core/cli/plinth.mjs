#!/usr/bin/env node
// The `plinth` binary. Valid on Node 20, because that may be what starts it: it hands over to the Node 24 beside us.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (Number.parseInt(process.versions.node, 10) >= 24) {
  // Half of a start goes into reading the sources: Node may keep what it made of them.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache', import.meta.url)));
  await import('./main.ts');
} else {
  handOver();
}

function handOver() {
  const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  // The channel tells the child when we are killed without a chance to say so.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}
