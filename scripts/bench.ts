// `npm run bench -- NAME [--json] [--compare] [options of the benchmark]`: runs bench/NAME.ts, prints its ratios,
// keeps them in bench/results.jsonl. A benchmark never fails the build.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchResult } from '../bench/result.ts';
import { ensureInstalled } from './setup/install.mjs';

interface Kept extends BenchResult {
  name: string;
  date: string;
  machine: string;
}

const room = new URL('../bench/', import.meta.url);
const results = new URL('results.jsonl', room);
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;

const [name = '', ...options] = process.argv.slice(2);
const json = options.includes('--json');
const file = new URL(`${name}.ts`, room);

if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  process.stderr.write('Name a benchmark: npm run bench -- NAME [--json] [--compare]. They lie in bench/.\n');
  process.exit(2);
}
if (existsSync(new URL('package-lock.json', room))) ensureInstalled({ tools: true, directory: fileURLToPath(room) });

const bench = (await import(file.href)) as { default: Bench };
const { ratio, medians } = await bench.default(options);
const before = lastResult();
appendFileSync(results, `${JSON.stringify({ name, date: new Date().toISOString(), machine, ratio, medians })}\n`);
if (options.includes('--compare')) process.stdout.write(comparison(ratio));
process.stdout.write(json ? `${JSON.stringify({ name, ratio, medians })}\n` : `${readable({ ratio, medians })}\n`);

function lastResult(): Kept | undefined {
  if (!existsSync(results)) return undefined;
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  const kept = lines.filter(Boolean).map((line) => JSON.parse(line) as Kept);
  return kept.findLast((result) => result.name === name && result.machine === machine);
}

function comparison(now: Record<string, number>): string {
  if (!before) return 'Nothing to compare with: no earlier result of this machine.\n';
  const lines = Object.entries(now).map(([key, value]) => {
    const then = before.ratio[key];
    const change = then ? ` (${value >= then ? '+' : ''}${(((value - then) / then) * 100).toFixed(0)} %)` : '';
    return `  ${key}: ${then?.toFixed(2) ?? '–'} → ${value.toFixed(2)}${change}`;
  });
  return `Since ${before.date}:\n${lines.join('\n')}\n`;
}

function readable({ ratio, medians }: BenchResult): string {
  const lines = Object.entries(ratio).map(([key, value]) => `  ${key}: ${value.toFixed(2)} ×`);
  return [`${name} on ${machine}`, ...lines, JSON.stringify(medians, undefined, 2)].join('\n');
}
