// `npm run check`: everything that can be known without running the code, all at once. `-- --fix` mends what can be.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

interface Check {
  title: string;
  command: string;
  args: string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const fix = process.argv.includes('--fix');

const checks: Check[] = [
  { title: 'types', command: 'tsc', args: ['--noEmit', '--pretty'] },
  {
    title: 'style',
    command: 'biome',
    args: ['check', '--colors=force', '--error-on-warnings', ...(fix ? ['--write'] : []), '.'],
  },
  { title: 'dead code', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
  { title: 'our rules', command: 'node', args: ['scripts/check/rules.ts'] },
  { title: 'manifests', command: 'node', args: ['scripts/manifests.ts', ...(fix ? ['--write'] : [])] },
  { title: 'reference', command: 'node', args: ['scripts/reference.ts', ...(fix ? ['--write'] : [])] },
];

const results = await Promise.all(checks.map(runCheck));
for (const { title, code, output, seconds } of results) {
  const passed = code === 0;
  if (!passed || title === 'our rules') process.stdout.write(output);
  process.stdout.write(`${passed ? '✓' : '✗'} ${title} (${seconds} s)\n`);
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;

async function runCheck({ title, command, args }: Check) {
  const began = Date.now();
  const tool = command === 'node' ? process.execPath : `${root}/node_modules/.bin/${command}`;
  const child = spawn(tool, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve(code ?? 1)),
  );
  const [out, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { title, code, output: `${out}${problems}`, seconds: ((Date.now() - began) / 1000).toFixed(1) };
}
