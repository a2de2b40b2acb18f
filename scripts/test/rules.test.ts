import { describe, expect, test } from 'vitest';
import { importsOf, unlawful } from '../check/import-law.ts';
import { sessionSets } from '../check/session-set.ts';
import { closingLine, countTests } from '../test-report.mjs';

const problemsOf = (file: string, source: string) => unlawful(file, importsOf(source));

describe('who may import whom', () => {
  test.each([
    ['sdk/define/event.ts', `import { topics } from '../../core/events/topics.ts';`],
    ['core/kernel.ts', `import { tipJar } from '../examples/tip-jar/plugin.ts';`],
    ['core/kernel.ts', `import {\n  type A,\n  b,\n} from '@plinth/tenants/contract.ts';`],
    ['core/kernel.ts', `const late = await import('../studio/main.ts');`],
    ['plugins/feed/plugin.ts', `import { Database } from '@plinth/core/database/database.ts';`],
    ['plugins/feed/plugin.ts', `export { inside } from '../wallet/inside.ts';`],
    ['plugins/feed/plugin.ts', `import { testKernel } from '@plinth/core/testing/kernel.ts';`],
    ['plugins/feed/test/feed.test.ts', `import { Database } from '@plinth/core/database/database.ts';`],
    ['plugins/feed/web/page.tsx', `import { Feed } from '../contract.ts';`],
    ['plugins/feed/web/page.tsx', `import type { Rows } from '../schema.ts';`],
    ['sandbox/draw/encode.ts', `import { Buffer } from 'node:buffer';`],
    ['sandbox/supervisor/pool.ts', `import '../../core/config.ts';`],
    ['studio/main.tsx', `import { pool } from '@plinth/sandbox/supervisor/pool.ts';`],
  ])('%s is told off for %s', (file, source) => {
    expect(problemsOf(file, source)).toHaveLength(1);
  });

  test.each([
    ['sdk/define/event.ts', `import type { TSchema } from 'typebox';\nimport { newId } from '../id.ts';`],
    ['core/kernel.ts', `import { event } from '@plinth/sdk';\nimport { render } from '../sandbox/render/render.ts';`],
    ['core/test/kernel.test.ts', `import { testDatabase } from '../testing/database.ts';`],
    ['core/test/kernel.test.ts', `import { tipJar } from '../../examples/tip-jar/plugin.ts';`],
    [
      'plugins/feed/plugin.ts',
      `import { Wallet } from '../wallet/contract.ts';\nimport { Wallet } from '@plinth/wallet/contract.ts';`,
    ],
    ['plugins/feed/test/feed.test.ts', `import { createTestKernel } from '@plinth/core/testing/kernel.ts';`],
    [
      'plugins/feed/web/page.tsx',
      `import type { Feed } from '../contract.ts';\nimport { Button } from '@plinth/sdk/web/button.tsx';`,
    ],
    [
      'studio/main.tsx',
      `import { encode } from '@plinth/sandbox/draw/encode.ts';\nimport page from '../plugins/feed/web/page.tsx';`,
    ],
    ['e2e/whole.test.ts', `import { anything } from '../core/kernel.ts';`],
  ])('%s may say %s', (file, source) => {
    expect(problemsOf(file, source)).toEqual([]);
  });
});

describe('settings that outlive their transaction', () => {
  test.each([
    ['await client.query(`set role x`);', 1],
    ["\nawait client.query('begin; SET search_path = x');", 2],
    ["select('select set_config($1, $2, false)');", 1],
    ['`set session authorization x`', 1],
    ['`set app.tenant to x`', 1],
  ])('are found in %s', (source, line) => {
    expect(sessionSets(source, false)).toEqual([line]);
  });

  test.each([
    '`begin; set local role x`',
    '`update t\n  set a = 1`',
    "'set constraints all deferred'",
    "'set aside: a plugin'",
  ])('are not seen in %s', (source) => {
    expect(sessionSets(source, false)).toEqual([]);
  });

  test('are found in a migration, where comments do not count', () => {
    expect(sessionSets('-- set role x;\nupdate t\nset a = 1;\nset role x;\n', true)).toEqual([4]);
  });
});

describe('the closing line', () => {
  test('counts a file that could not be loaded as a failure', () => {
    const files = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
    ];
    const report = { testResults: files, numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 0 };
    expect(closingLine(countTests(() => report))).toBe('3 passed, 2 failed, 1 skipped');
  });

  test('says so when there is no report at all', () => {
    const counts = countTests(() => {
      throw new Error('no such file');
    });
    expect(closingLine(counts)).toBe('0 passed, 1 failed');
  });
});
