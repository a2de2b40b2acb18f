// `npm test [-- files and vitest options]`: installs what is needed, checks, tests, and closes with "N passed, N failed".
// With --long the long tier instead. With CI set nothing may be missing and nothing skipped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './setup/install.mjs';
import { run, say } from './setup/place.mjs';
import { ensureSystemParts, nameMissing } from './setup/system.mjs';
import { closingLine, countTests } from './test-report.mjs';

const long = process.argv.includes('--long');
const args = process.argv.slice(2).filter((argument) => argument !== '--long');
const narrowed = args.length > 0;
const ci = Boolean(process.env.CI) && process.env.CI !== 'false';

ensureInstalled({ tools: true });
const missing = ensureSystemParts(long ? 'long' : 'test');
nameMissing(missing);

const checked = narrowed || long ? 0 : run('node', ['scripts/check.ts']).code;
const tests = runTests();
const counts = { ...tests.counts };
if (checked !== 0) counts.failed += 1;
if (ci && missing.length > 0) counts.failed += missing.length;
if (tests.code !== 0 && counts.failed === 0) counts.failed = 1;

if (missing.length > 0) say(`Left out: the tests that need ${missing.map((part) => part.name).join(', ')}.`);
if (checked !== 0) say('"npm run check" found something: see above.');
if (ci && counts.skipped > 0) say('Tests were skipped, which CI does not accept.');
if (counts.passed + counts.failed + counts.skipped === 0) say('There are no tests of this kind yet.');
else process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 || (ci && counts.skipped > 0) ? 1 : 0;

function runTests() {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-report-'));
  const report = join(directory, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = run('vitest', ['run', ...reporters, ...(long ? ['--passWithNoTests'] : []), ...args], {
    env: { TEST_TIER: long ? 'long' : 'test' },
  });
  const counts = countTests(() => JSON.parse(readFileSync(report, 'utf8')));
  rmSync(directory, { recursive: true });
  return { code, counts };
}
