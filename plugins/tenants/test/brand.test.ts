import { createTestKernel, TestCaller, type TestKernel, type TestPerson } from '@plinth/core/testing/kernel.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contrast, legibleText, nearestLegible } from '../contrast.ts';
import tenants from '../plugin.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants] });
});
afterAll(() => kernel[Symbol.asyncDispose]());

async function anOwner(): Promise<TestPerson> {
  const site = await kernel.tenant();
  return site.person({ roles: ['owner'] });
}

const BRAND = '/api/tenants/brand';

describe('how a site looks', () => {
  test('is what was set last, with text colours chosen where none were given', async () => {
    const owner = await anOwner();
    const given = { brand: '#ffd400', accent: '#123456', radius: 0, scheme: 'dark' };
    const looks = { ...given, onBrand: 'black', onAccent: 'white' };
    expect(await owner.put(BRAND, given)).toMatchObject({ status: 200, body: looks });
    expect((await owner.get('/api/tenants/site')).body.brand).toEqual(looks);
  });

  test('is refused when text could not be read, with a colour that would do', async () => {
    const owner = await anOwner();
    const grey = { brand: '#8a8a8a', onBrand: 'white', accent: '#000000' };
    const { status, body } = await owner.put<{ suggestion: string; fix: string }>(BRAND, grey);
    expect({ status, body }).toMatchObject({ status: 400, body: { code: 'tenants.low_contrast', token: 'brand' } });
    expect(body.fix).toBe(`Take black text, or the colour ${body.suggestion}.`);
    expect((await owner.put(BRAND, { ...grey, brand: body.suggestion })).status).toBe(200);
  });

  test.each([{ brand: 'red' }, { brand: '#FFF' }, { radius: 99 }, { scheme: 'pink' }, { css: 'body{}' }])(
    'is made of tokens only, never of %j',
    async (wrong) => {
      const owner = await anOwner();
      const answer = await owner.put(BRAND, { brand: '#000000', accent: '#000000', ...wrong });
      expect(answer).toMatchObject({ status: 400, body: { code: 'kernel.invalid_input' } });
    },
  );
});

describe('a logo', () => {
  test('that its owner uploaded is shown to everybody, and gone once another takes its place', async () => {
    const owner = await anOwner();
    const [first, second] = [await upload(owner, png(1)), await upload(owner, png(2))];
    const setLogo = (logoId?: string) =>
      owner.put(BRAND, { brand: '#000000', accent: '#000000', ...(logoId === undefined ? {} : { logoId }) });
    expect(await setLogo(first)).toMatchObject({ status: 200, body: { logoId: first } });
    expect((await setLogo(first)).status).toBe(200);
    expect((await seenByAnyone(owner, first)).status).toBe(200);
    await setLogo(second);
    expect((await seenByAnyone(owner, first)).status).toBe(404);
    expect((await seenByAnyone(owner, second)).status).toBe(200);
    expect((await setLogo()).body).not.toHaveProperty('logoId');
    expect((await seenByAnyone(owner, second)).status).toBe(404);
  });

  test('is a picture', async () => {
    const owner = await anOwner();
    const logoId = await upload(owner, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'));
    const answer = await owner.put(BRAND, { brand: '#000000', accent: '#000000', logoId });
    expect(answer).toMatchObject({ status: 400, body: { code: 'tenants.logo_not_a_picture' } });
  });

  test('is never somebody else’s upload', async () => {
    const site = await kernel.tenant();
    const owner = await site.person({ roles: ['owner'] });
    const private_ = await upload(await site.person(), png(3));
    const answer = await owner.put(BRAND, { brand: '#000000', accent: '#000000', logoId: private_ });
    expect(answer.status).toBe(404);
    expect((await seenByAnyone(owner, private_)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('contrast', () => {
  const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

  test('is 21 between black and white and 1 between the same', () => {
    expect(contrast('#000000', 'white')).toBeCloseTo(21);
    expect(contrast('#ffffff', 'white')).toBeCloseTo(1);
    expect(contrast('#767676', 'white')).toBeCloseTo(4.54, 2);
  });

  test('of every colour is enough with one of the two text colours', () => {
    fc.assert(fc.property(colour, (each) => contrast(each, legibleText(each)) >= 4.5));
  });

  test('of every suggestion is enough, and a colour that is enough is its own suggestion', () => {
    fc.assert(
      fc.property(colour, fc.constantFrom('white' as const, 'black' as const), (each, text) => {
        const suggestion = nearestLegible(each, text, 4.5);
        expect(contrast(suggestion, text)).toBeGreaterThanOrEqual(4.5);
        expect(suggestion === each).toBe(contrast(each, text) >= 4.5);
      }),
    );
  });
});

async function upload(person: TestPerson, bytes: Buffer): Promise<string> {
  const { status, headers } = await person.post('/api/kernel/storage/uploads', bytes, {
    'tus-resumable': '1.0.0',
    'upload-length': String(bytes.byteLength),
    'content-type': 'application/offset+octet-stream',
  });
  if (status !== 201) throw new Error(`the upload was answered with ${status}`);
  return String(headers.location).split('/').at(-1) ?? '';
}

function seenByAnyone(owner: TestPerson, objectId: string) {
  return new TestCaller(kernel, owner.host, undefined).get(`/api/kernel/storage/objects/${objectId}`);
}

/** The least that is a PNG; `seed` makes it different from others. */
function png(seed: number): Buffer {
  const head = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
  return Buffer.concat([head, Buffer.from([0, 0, 0, 0]), Buffer.from('IDAT'), Buffer.alloc(64, seed)]);
}
