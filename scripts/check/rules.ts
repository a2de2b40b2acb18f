// Rules of this house that no linter knows: who may import whom, no session-wide SET, and a word about long files.
import { readFileSync } from 'node:fs';
import { shippedFiles, testFiles } from './files.ts';
import { importsOf, unlawful } from './import-law.ts';
import { sessionSets } from './session-set.ts';

const LONG = 250;

const problems: string[] = [];
const long: string[] = [];

for (const file of [...shippedFiles(), ...testFiles()]) {
  const source = readFileSync(file, 'utf8');
  for (const problem of unlawful(file, importsOf(source))) problems.push(`${file}: ${problem}`);
}
for (const file of shippedFiles()) {
  const source = readFileSync(file, 'utf8');
  for (const line of sessionSets(source, file.endsWith('.sql'))) {
    problems.push(
      `${file}:${line}: a SET without LOCAL outlives its transaction and meets the next borrower of the connection`,
    );
  }
  const lines = source.split('\n').length;
  if (lines > LONG && !file.endsWith('.sql')) long.push(`${file} (${lines})`);
}

if (long.length > 0) process.stdout.write(`Longer than ${LONG} lines: ${long.join(', ')}\n`);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
