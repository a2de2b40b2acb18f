// docs/reference/errors.md, from every package's table of errors.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Problem } from '@plinth/sdk';

export async function errorsReference(root: string): Promise<string> {
  const byOwner = new Map<string, Problem[]>();
  for (const file of globSync('{core,core/*,plugins/*,examples/*}/errors.ts', { cwd: root }).sort()) {
    const tables = (await import(pathToFileURL(join(root, file)).href)) as Record<
      string,
      Record<string, () => Problem>
    >;
    for (const make of Object.values(tables).flatMap((each) => Object.values(each))) {
      const problem = make();
      const owner = problem.code.slice(0, problem.code.indexOf('.'));
      const known = byOwner.get(owner) ?? [];
      if (known.some(({ code }) => code === problem.code))
        throw new Error(`${problem.code} is defined twice; see ${file}.`);
      byOwner.set(owner, [...known, problem]);
    }
  }
  const owners = [...byOwner.keys()].sort(
    (a, b) => Number(b === 'kernel') - Number(a === 'kernel') || (a < b ? -1 : 1),
  );
  const tables = owners.map((owner) => `## ${owner}\n\n${table(byOwner.get(owner) ?? [])}`);
  return `${INTRODUCTION}\n\n${tables.join('\n\n')}\n`;
}

function table(problems: readonly Problem[]): string {
  const rows = problems
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, status, title, fix = '' }) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} | ${fix} |`);
  return `| code | status | what it says | what to do |\n|---|---|---|---|\n${rows.join('\n')}`;
}

const INTRODUCTION = `# Errors

Every error is an \`application/problem+json\` document (RFC 9457) with \`type\`, \`code\`, \`status\`, \`title\`, often
\`detail\` and \`fix\`, and the \`requestId\` under which the logs know it. Codes never change. Some carry more: \`errors\` lists
the fields that do not fit (\`path\`, \`message\`), \`wanted\` the capabilities to consent to, \`retryAfter\` the seconds to wait.

This page is made from the tables in the sources by \`node scripts/reference.ts --write\`.`;
