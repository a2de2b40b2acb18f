// What a person is given when they ask for everything that is held of them.
import { definePlugin } from '@plinth/sdk';
import { AccountExport } from '@plinth/sdk/services/accounts.ts';
import { expect, test } from 'vitest';
import { createTestKernel } from '../testing/kernel.ts';

const diary = definePlugin({
  id: 'diary',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Diary',
  summary: 'Keeps one page a person.',
  contributes: (plugin) => [
    plugin.extend(AccountExport, 'pages', async (_ctx, { accountId }) => ({
      section: 'diary',
      data: [`a page of ${accountId}`],
    })),
  ],
});

test('every room and every plugin that is on adds what it keeps, and nothing of anybody else', async () => {
  await using kernel = await createTestKernel({ plugins: [diary] });
  const site = await kernel.tenant();
  const [eve, tom] = [await site.person(), await site.person()];
  await tom.put('/api/kernel/notices/preferences', { kinds: [] });
  const upload = await eve.send('POST', '/api/kernel/storage/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': '3',
    'upload-metadata': `filename ${btoa('mine.txt')}`,
  });
  expect(upload.status).toBe(201);
  const { status, body } = await eve.get('/api/kernel/auth/me/export');
  expect(status).toBe(200);
  const text = JSON.stringify(body);
  expect(text).toContain('mine.txt');
  expect(text).toContain(`a page of ${eve.accountId}`);
  expect(text).toContain(eve.email);
  expect(text).not.toContain(tom.accountId);
  await site.disable('diary');
  expect(JSON.stringify((await eve.get('/api/kernel/auth/me/export')).body)).not.toContain('a page of');
});
