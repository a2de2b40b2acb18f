import { createTestKernel, type TestKernel, type TestTenant } from '@plinth/core/testing/kernel.ts';
import { collection, definePlugin } from '@plinth/sdk';
import { Storage } from '@plinth/sdk/services/storage.ts';
import type { PluginExport, TenantPlugin } from '@plinth/sdk/services/tenancy.ts';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tenants from '../plugin.ts';

const notes = definePlugin({
  id: 'notes',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Notes',
  summary: 'Keeps notes, each with a file.',
  needs: { storage: Storage },
  capabilities: ['storage:write'],
  collections: { notes: collection(Type.Object({ text: Type.String() }), { indexes: ['text'] }) },
  contributes: (plugin) => [
    plugin.route(
      'PUT /notes/:id',
      { auth: 'public', summary: 'Write one', body: Type.Object({ text: Type.String() }) },
      async (ctx, { params, body }) => {
        await ctx.store.notes.put(params.id, body);
        await ctx.storage.put({ content: { text: body.text } });
      },
    ),
    plugin.route(
      'GET /notes/:id',
      { auth: 'public', summary: 'Read one', reply: Type.Object({ text: Type.Optional(Type.String()) }) },
      async (ctx, { params }) => ({ ...(await ctx.store.notes.get(params.id))?.value }),
    ),
  ],
});

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants, notes] });
});
afterAll(() => kernel[Symbol.asyncDispose]());

const NOTES = '/api/tenants/plugins/notes';

async function aSite(text: string) {
  const site = await kernel.tenant();
  const owner = await site.person({ roles: ['owner'] });
  expect(await owner.put('/api/notes/notes/first', { text })).toMatchObject({ status: 204 });
  const state = async () => {
    const { body } = await owner.get<{ items: TenantPlugin[] }>('/api/tenants/plugins');
    return body.items.find((each) => each.plugin === 'notes');
  };
  const read = async () => (await owner.get('/api/notes/notes/first')).body;
  return { site, owner, state, read };
}

async function linesOf(site: TestTenant, { url }: PluginExport): Promise<unknown[]> {
  const { body } = await site.anyone().get<string>(url);
  return body
    .trim()
    .split('\n')
    .map((each): unknown => JSON.parse(each));
}

const rowsOf = (site: { id: string }) =>
  kernel.count(
    `select 1 from notes.document where tenant_id = '${site.id}'
     union all select 1 from kernel.storage_object where tenant_id = '${site.id}' and plugin = 'notes'`,
  );

describe('what a plugin keeps of a site', () => {
  test('is handed out when it is off: its own rows, its files, and nobody else’s', async () => {
    const { site, owner, state } = await aSite('remember the milk');
    await aSite('somebody else’s');
    expect(await owner.post(`${NOTES}/export`)).toMatchObject({ status: 409, body: { code: 'kernel.plugin_on' } });
    await owner.delete(NOTES);
    const { status, body } = await owner.post<PluginExport>(`${NOTES}/export`);
    expect(status).toBe(200);
    const lines = await linesOf(site, body);
    expect(lines).toMatchObject([
      { plugin: 'notes', version: '1.0.0', tenantId: site.id },
      { table: 'document', row: { tenant_id: site.id, id: 'first', value: { text: 'remember the milk' } } },
      { table: 'document_index', row: { id: 'first' } },
      { file: { type: 'text/plain', url: expect.any(String) } },
    ]);
    expect(JSON.stringify(lines)).not.toContain('somebody else');
    const { file } = lines.at(-1) as { file: { url: string } };
    expect((await site.anyone().get(file.url)).body).toBe('remember the milk');
    expect(await state()).toMatchObject({ state: 'exported' });
  });

  test('comes back when it is switched on before its date', async () => {
    const { owner, state, read } = await aSite('still here');
    await owner.delete(NOTES);
    const { body } = await owner.put(`${NOTES}/retention`, { days: 3 });
    expect(await state()).toMatchObject({ state: 'retained', retainedUntil: body.until });
    await kernel.advance('2d');
    await owner.put(NOTES, { capabilities: ['storage:write'] });
    await kernel.advance('2d');
    expect(await state()).not.toHaveProperty('retainedUntil');
    expect(await read()).toEqual({ text: 'still here' });
  });

  test('is dropped after its date, and another site’s stays', async () => {
    const { site, owner, state, read } = await aSite('forget me');
    const other = await aSite('keep me');
    await owner.delete(NOTES);
    await owner.put(`${NOTES}/retention`, {});
    await kernel.advance('29d');
    expect(await rowsOf(site)).toBe(2);
    await kernel.advance('25h');
    expect(await rowsOf(site)).toBe(0);
    expect(await state()).toMatchObject({ state: 'available', granted: [] });
    expect(await other.read()).toEqual({ text: 'keep me' });
    expect(await rowsOf(other.site)).toBe(2);
    await owner.put(NOTES, { capabilities: ['storage:write'] });
    expect(await read()).toEqual({});
  });

  test('that was never kept is neither handed out nor given a date', async () => {
    const site = await kernel.tenant({ plugins: ['tenants'] });
    const owner = await site.person({ roles: ['owner'] });
    expect(await owner.post(`${NOTES}/export`)).toMatchObject({ status: 404, body: { code: 'kernel.nothing_kept' } });
    expect((await owner.put(`${NOTES}/retention`, {})).status).toBe(404);
    const member = await site.person();
    expect((await member.post(`${NOTES}/export`)).status).toBe(403);
  });
});
