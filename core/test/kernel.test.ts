import { afterAll, beforeAll, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { createTestKernel, type TestKernel } from '../testing/kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tipJar] });
});
afterAll(() => kernel[Symbol.asyncDispose]());

test('a person opens a jar and finds it', async () => {
  const site = await kernel.tenant();
  const ana = await site.person();
  const opened = await ana.post<{ id: string }>('/api/tip-jar/jars', { title: 'Strings' });
  expect(opened).toMatchObject({ status: 201 });
  const found = await site.anyone().get(`/api/tip-jar/jars/${opened.body.id}`);
  expect(found).toMatchObject({ status: 200, body: { title: 'Strings', points: 0 } });
});
