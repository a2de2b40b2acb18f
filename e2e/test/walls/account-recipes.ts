// Accounts, sessions, keys and roles.
import {
  aLetter,
  fresh,
  lettersTo,
  linkToken,
  named,
  password,
  plain,
  type Recipes,
  somebody,
  type World,
} from './world.ts';

const another = 'another long password';

async function anAccount(world: World) {
  return { accountId: (await somebody(world)).accountId };
}

async function aKey({ owner }: World) {
  const wanted = { name: fresh(), scopes: ['storage:read'] };
  const { body } = await owner.post<{ id: string }>('/api/kernel/auth/keys', wanted);
  return { keyId: body.id };
}

async function aRole({ owner }: World) {
  const role = fresh();
  await owner.put(`/api/kernel/auth/roles/${role}`, { title: role, permissions: [] });
  return { role };
}

const sessionRecipes: Recipes = {
  'POST /api/kernel/auth/sessions': async (world) => ({
    body: { email: (await somebody(world)).email, password },
    as: world.site.anyone(),
    names: true,
  }),
  'POST /api/kernel/auth/sessions/refresh': async (world) => {
    const { email } = await somebody(world);
    const anyone = world.site.anyone();
    const { body } = await anyone.post<{ refreshToken: string }>('/api/kernel/auth/sessions', { email, password });
    return { body: { refreshToken: body.refreshToken }, as: anyone, names: true };
  },
  'GET /api/kernel/auth/sessions': plain,
  'DELETE /api/kernel/auth/sessions': async (world) => ({ as: await somebody(world) }),
  'DELETE /api/kernel/auth/sessions/current': async (world) => ({ as: await somebody(world) }),
  'DELETE /api/kernel/auth/sessions/{sessionId}': async (world) => {
    const person = await somebody(world);
    const { body } = await person.get<{ items: { id: string }[] }>('/api/kernel/auth/sessions');
    return { params: { sessionId: body.items[0]?.id ?? '' }, as: person, names: true };
  },
};

const ownRecipes: Recipes = {
  'POST /api/kernel/auth/register': async () => ({
    body: { email: `${fresh()}@victim.example`, password, displayName: 'Somebody' },
  }),
  'POST /api/kernel/auth/email/verify': async (world) => ({
    body: { token: linkToken((await aLetter(world)).text) },
    as: world.site.anyone(),
    names: true,
  }),
  'POST /api/kernel/auth/email': async (world) => ({
    body: { email: `${fresh()}@victim.example`, password },
    as: await somebody(world),
  }),
  'POST /api/kernel/auth/password/forgot': async ({ owner, site }) => ({
    body: { email: owner.email },
    as: site.anyone(),
  }),
  'POST /api/kernel/auth/password/reset': async (world) => {
    const { email } = await somebody(world);
    const anyone = world.site.anyone();
    await anyone.post('/api/kernel/auth/password/forgot', { email });
    const letter = (await lettersTo(world, email)).find(({ text }) => text.includes('#'));
    return { body: { token: linkToken(letter?.text ?? ''), password: another }, as: anyone, names: true };
  },
  'POST /api/kernel/auth/password': async (world) => ({
    body: { current: password, password: another },
    as: await somebody(world),
  }),
  'GET /api/kernel/auth/me': plain,
  'PATCH /api/kernel/auth/me': async () => ({ body: { displayName: 'Somebody' } }),
  'GET /api/kernel/auth/me/export': plain,
  'POST /api/kernel/auth/me/deletion': async (world) => ({ body: { password }, as: await somebody(world) }),
  'DELETE /api/kernel/auth/me/deletion': async (world) => ({ as: await somebody(world) }),
  'GET /api/kernel/auth/keys': plain,
  'POST /api/kernel/auth/keys': async () => ({ body: { name: 'A key', scopes: ['storage:read'] } }),
  'POST /api/kernel/auth/keys/{keyId}/rotate': named(aKey, { body: { overlapSeconds: 0 } }),
  'DELETE /api/kernel/auth/keys/{keyId}': named(aKey),
};

export const accountRecipes: Recipes = {
  ...sessionRecipes,
  ...ownRecipes,
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
};
