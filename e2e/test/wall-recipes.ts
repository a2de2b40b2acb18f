// How each route is used by its owner. A new route without a line here fails the test of the walls.
import { randomBytes } from 'node:crypto';
import type { TestCaller, TestKernel, TestPerson, TestTenant } from '@plinth/core/testing/kernel.ts';

export interface World {
  readonly kernel: TestKernel;
  readonly site: TestTenant;
  /** Owner of the site, and operator of the platform. */
  readonly owner: TestPerson;
}

export interface Probe {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Whoever it belongs to, where that is not the owner of the site. */
  readonly as?: TestCaller;
  /** It names something that exists in this site only: from another it must be refused. */
  readonly names?: true;
}

type Recipe = (world: World) => Promise<Probe>;

const plain: Recipe = async () => ({});
const named =
  (make: (world: World) => Promise<Record<string, string>>, more: Omit<Probe, 'params' | 'names'> = {}): Recipe =>
  async (world) => ({ params: await make(world), names: true, ...more });

const password = 'correct horse battery';
let count = 0;
const fresh = () => `canary-${++count}`;

async function aJar({ owner }: World) {
  const { body } = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: fresh() });
  return { jarId: body.id };
}
async function anAccount({ site }: World) {
  const person = await site.person({ email: `${fresh()}@victim.example` });
  return { accountId: person.accountId };
}
async function aKey({ owner }: World) {
  const { body } = await owner.post<{ id: string }>('/api/kernel/auth/keys', {
    name: fresh(),
    scopes: ['storage:read'],
  });
  return { keyId: body.id };
}
async function aRole({ owner }: World) {
  const role = fresh();
  await owner.put(`/api/kernel/auth/roles/${role}`, { title: role, permissions: [] });
  return { role };
}
async function aHost({ owner }: World) {
  const host = `${fresh()}.victim.example`;
  await owner.put(`/api/tenants/hosts/${host}`);
  return { host };
}
async function aMail({ site }: World) {
  const to = `${fresh()}@victim.example`;
  await site.anyone().post('/api/kernel/auth/register', { email: to, password, displayName: 'Canary' });
  const { body } = await site
    .anyone()
    .get<{ items: { id: string; text: string }[] }>(`/api/kernel/mail/mailbox?to=${to}`);
  return { id: body.items[0]?.id ?? '', text: body.items[0]?.text ?? '', to };
}
async function aBulkMail(world: World) {
  const { id } = await aMail(world);
  await world.kernel.count(`update kernel.mail_message set bulk = true where id = '${id}'`);
  return { id };
}
const aBrowser = () => ({
  endpoint: `https://push.victim.example/${fresh()}`,
  keys: {
    p256dh: Buffer.from([4, ...randomBytes(64)]).toString('base64url'),
    auth: randomBytes(16).toString('base64url'),
  },
});
const linkToken = (text: string) => /#([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? '';

async function aRun({ kernel, site, owner }: World) {
  const { runId } = await kernel.kernel.database.tenant(site.id, (_tx, client) =>
    kernel.kernel.jobs.enqueue(client, {
      tenantId: site.id,
      plugin: 'tip-jar',
      job: 'thank',
      data: { tipId: fresh() },
      delay: '30d',
      actor: {
        kind: 'person',
        accountId: owner.accountId,
        credential: { kind: 'session', id: '' },
        permissions: new Set(),
        operator: false,
      },
      requestId: '',
    }),
  );
  return { runId };
}
async function anUpload({ owner }: World) {
  const answer = await owner.send('POST', UPLOADS, undefined, {
    ...TUS,
    'upload-length': '5',
    'upload-metadata': `filename ${btoa('canary.txt')}`,
  });
  return { objectId: String(answer.headers.location).split('/').at(-1) ?? '' };
}
async function anObject(world: World) {
  const { objectId } = await anUpload(world);
  await world.owner.send('PATCH', `${UPLOADS}/${objectId}`, Buffer.from('canar'), CHUNK);
  return { objectId, file: 'canary.txt' };
}
const UPLOADS = '/api/kernel/storage/uploads';
const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };

/** A session of its own, because the probe ends it. */
async function anotherSession({ site }: World) {
  const person = await site.person({ email: `${fresh()}@victim.example` });
  const { body } = await person.get<{ items: { id: string }[] }>('/api/kernel/auth/sessions');
  return { person, sessionId: body.items[0]?.id ?? '' };
}

export const recipes: Readonly<Record<string, Recipe>> = {
  'POST /api/tip-jar/jars': async () => ({ body: { title: fresh() } }),
  'GET /api/tip-jar/jars': plain,
  'GET /api/tip-jar/jars/{jarId}': named(aJar),
  'DELETE /api/tip-jar/jars/{jarId}': named(aJar),
  'POST /api/tip-jar/jars/{jarId}/tips': async (world) => {
    const giver = await world.site.person();
    await giver.post('/api/tip-jar/welcome');
    return { params: await aJar(world), body: { points: 1 }, as: giver, names: true };
  },
  'POST /api/tip-jar/welcome': plain,

  'GET /api/tenants/site': plain,
  'PATCH /api/tenants/site': async () => ({ body: { locale: 'en' } }),
  'PUT /api/tenants/brand': async () => ({ body: { brand: '#1a1a2e', accent: '#8a1538', radius: 8, scheme: 'auto' } }),
  'GET /api/tenants/hosts': plain,
  'PUT /api/tenants/hosts/{host}': named(aHost),
  'DELETE /api/tenants/hosts/{host}': async (world) => ({ params: await aHost(world) }),
  'GET /api/tenants/plugins': plain,
  'PUT /api/tenants/plugins/{plugin}': async () => ({
    params: { plugin: 'tip-jar' },
    body: { capabilities: ['ledger:post', 'ledger:read'] },
  }),
  'PUT /api/tenants/plugins/{plugin}/settings': async () => ({
    params: { plugin: 'tip-jar' },
    body: { welcomePoints: 100, mostPerTip: 50 },
  }),
  // Last but one of its kind: whatever comes after switches it on again.
  'DELETE /api/tenants/plugins/{plugin}': async ({ site }) => {
    await site.enable('tip-jar');
    return { params: { plugin: 'tip-jar' } };
  },
  'GET /api/tenants/tenants': plain,
  'POST /api/tenants/tenants': async () => ({
    body: { slug: fresh(), name: 'Another', owner: { email: 'owner@another.example', password, displayName: 'Owner' } },
    names: true,
  }),

  'POST /api/kernel/auth/sessions': async ({ site }) => {
    const person = await site.person({ email: `${fresh()}@victim.example` });
    return { body: { email: person.email, password }, as: site.anyone(), names: true };
  },
  'POST /api/kernel/auth/sessions/refresh': async (world) => {
    const { site } = world;
    const person = await site.person({ email: `${fresh()}@victim.example` });
    const { body } = await site
      .anyone()
      .post<{ refreshToken: string }>('/api/kernel/auth/sessions', { email: person.email, password });
    return { body: { refreshToken: body.refreshToken }, as: site.anyone(), names: true };
  },
  'GET /api/kernel/auth/sessions': plain,
  'DELETE /api/kernel/auth/sessions': async (world) => ({ as: (await anotherSession(world)).person }),
  'DELETE /api/kernel/auth/sessions/current': async (world) => ({ as: (await anotherSession(world)).person }),
  'DELETE /api/kernel/auth/sessions/{sessionId}': async (world) => {
    const { person, sessionId } = await anotherSession(world);
    return { params: { sessionId }, as: person, names: true };
  },
  'POST /api/kernel/auth/register': async () => {
    return { body: { email: `${fresh()}@victim.example`, password, displayName: 'Somebody' } };
  },
  'POST /api/kernel/auth/email/verify': async (world) => ({
    body: { token: linkToken((await aMail(world)).text) },
    as: world.site.anyone(),
    names: true,
  }),
  'POST /api/kernel/auth/email': async (world) => {
    const { person } = await anotherSession(world);
    return { body: { email: `${fresh()}@victim.example`, password }, as: person };
  },
  'POST /api/kernel/auth/password/forgot': async ({ owner, site }) => {
    return { body: { email: owner.email }, as: site.anyone() };
  },
  'POST /api/kernel/auth/password/reset': async ({ site }) => {
    const person = await site.person({ email: `${fresh()}@victim.example` });
    await site.anyone().post('/api/kernel/auth/password/forgot', { email: person.email });
    const { body } = await site
      .anyone()
      .get<{ items: { text: string }[] }>(`/api/kernel/mail/mailbox?to=${person.email}`);
    const letter = body.items.find(({ text }) => text.includes('#'));
    return {
      body: { token: linkToken(letter?.text ?? ''), password: 'another long password' },
      as: site.anyone(),
      names: true,
    };
  },
  'POST /api/kernel/auth/password': async ({ site }) => {
    const person = await site.person({ email: `${fresh()}@victim.example` });
    return { body: { current: password, password: 'another long password' }, as: person };
  },
  'GET /api/kernel/auth/me': plain,
  'PATCH /api/kernel/auth/me': async () => ({ body: { displayName: 'Somebody' } }),
  'GET /api/kernel/auth/keys': plain,
  'POST /api/kernel/auth/keys': async () => {
    return { body: { name: 'A key', scopes: ['storage:read'] } };
  },
  'POST /api/kernel/auth/keys/{keyId}/rotate': named(aKey, { body: { overlapSeconds: 0 } }),
  'DELETE /api/kernel/auth/keys/{keyId}': named(aKey),
  'GET /api/kernel/auth/accounts': plain,
  'PATCH /api/kernel/auth/accounts/{accountId}': named(anAccount, { body: { state: 'suspended' } }),
  'PUT /api/kernel/auth/accounts/{accountId}/roles': named(anAccount, { body: { roles: ['admin'] } }),
  'GET /api/kernel/auth/roles': plain,
  'PUT /api/kernel/auth/roles/{role}': async () => ({
    params: { role: 'editors' },
    body: { title: 'Editors', permissions: [] },
  }),
  'DELETE /api/kernel/auth/roles/{role}': named(aRole),
  'GET /api/kernel/auth/audit': plain,

  'GET /api/kernel/mail/mailbox': plain,
  'GET /api/kernel/mail/mailbox/{id}': named(async (world) => ({ id: (await aMail(world)).id })),
  'GET /api/kernel/mail/mailbox/{id}/html': named(async (world) => ({ id: (await aMail(world)).id })),

  'GET /api/kernel/mail/unsubscribe/{id}': named(aBulkMail),
  'POST /api/kernel/mail/unsubscribe/{id}': named(aBulkMail),

  'GET /api/kernel/events/dead': plain,
  'POST /api/kernel/events/dead/replay': async () => ({ body: {} }),
  'GET /api/kernel/jobs': plain,
  'GET /api/kernel/jobs/{runId}': named(aRun),
  'POST /api/kernel/jobs/{runId}/cancel': named(aRun),

  'POST /api/kernel/jobs/{runId}/retry': named(async (world) => {
    const { runId } = await aRun(world);
    await world.kernel.count(`update kernel.job_run set state = 'failed' where id = '${runId}'`);
    return { runId };
  }),

  'GET /api/kernel/notices': plain,
  'POST /api/kernel/notices/read': async () => ({ body: {} }),
  'GET /api/kernel/notices/preferences': plain,
  'PUT /api/kernel/notices/preferences': async () => ({ body: { kinds: [] } }),
  'GET /api/kernel/notices/push-key': plain,
  'POST /api/kernel/notices/push-subscriptions': async () => ({ body: aBrowser() }),
  'DELETE /api/kernel/notices/push-subscriptions/{id}': named(async ({ owner }) => {
    const { body } = await owner.post<{ id: string }>('/api/kernel/notices/push-subscriptions', aBrowser());
    return { id: body.id };
  }),

  'HEAD /api/kernel/storage/objects/{objectId}': named(anObject),
  'GET /api/kernel/storage/objects/{objectId}': named(anObject),
  'HEAD /api/kernel/storage/objects/{objectId}/{file}': named(anObject),
  'GET /api/kernel/storage/objects/{objectId}/{file}': named(anObject),
  'OPTIONS /api/kernel/storage/uploads': async () => ({ headers: TUS }),
  'POST /api/kernel/storage/uploads': async () => ({ headers: { ...TUS, 'upload-length': '5' } }),
  'HEAD /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: TUS }),
  'PATCH /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: CHUNK, body: Buffer.from('canar') }),
  'DELETE /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: TUS }),
};
