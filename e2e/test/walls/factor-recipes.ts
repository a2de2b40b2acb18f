// The ways in beside the password: code generators, passkeys, and providers elsewhere. Each is set up for real.
import { codeAt } from '@plinth/core/auth/totp.ts';
import { Authenticator, fromBase32 } from '@plinth/core/test/auth-authenticator.ts';
import { fresh, named, type Probe, password, plain, type Recipes, somebody, type World } from './world.ts';

const AUTH = '/api/kernel/auth';

interface Asked<O> {
  readonly ticket: string;
  readonly options: O;
}

/** Somebody with a code generator, and its next code. */
async function withGenerator(world: World, confirmed: boolean) {
  const person = await somebody(world);
  const { body } = await person.post<{ secret: string }>(`${AUTH}/totp`, { password });
  const code = codeAt(fromBase32(body.secret), Math.floor(world.kernel.clock.now().getTime() / 30_000));
  if (confirmed) await person.post(`${AUTH}/totp/confirm`, { code });
  return { person, code };
}

/** Somebody whose device has made a passkey, which is not added yet. */
async function aNewPasskey(world: World) {
  const person = await somebody(world);
  const device = new Authenticator();
  const asked = await person.post<Asked<Parameters<Authenticator['create']>[0]>>(`${AUTH}/passkeys/options`, {
    password,
  });
  // A site has several addresses, and passkeys belong to one of them.
  device.origin = `http://${asked.body.options.rp.id}`;
  const body = { ticket: asked.body.ticket, name: fresh(), response: device.create(asked.body.options) };
  return { person, device, body };
}

async function withPasskey(world: World) {
  const made = await aNewPasskey(world);
  await made.person.post(`${AUTH}/passkeys`, made.body);
  return made;
}

/** A provider that only this site trusts. */
async function aProvider({ owner, provider }: World) {
  const id = fresh();
  await owner.put(`${AUTH}/providers/${id}`, { title: id, issuer: provider.issuer, clientId: provider.clientId });
  return { provider: id };
}

/** A sign-in through it, up to what the browser brings back. */
async function aReturn(world: World, caller = world.site.anyone()): Promise<Probe & { params: { provider: string } }> {
  const params = await aProvider(world);
  const begun = await caller.post<{ url: string; ticket: string }>(`${AUTH}/oidc/${params.provider}`, {});
  const query = world.provider.consent(begun.body.url, { sub: fresh(), email: `${fresh()}@victim.example` });
  return { params, body: { ticket: begun.body.ticket, query }, as: caller, names: true };
}

export const factorRecipes: Recipes = {
  'GET /api/kernel/auth/factors': plain,
  'POST /api/kernel/auth/totp': async (world) => ({ body: { password }, as: await somebody(world) }),
  'POST /api/kernel/auth/totp/confirm': async (world) => {
    const { person, code } = await withGenerator(world, false);
    return { body: { code }, as: person, names: true };
  },
  'POST /api/kernel/auth/totp/remove': async (world) => {
    const { person } = await withGenerator(world, true);
    return { body: { password }, as: person };
  },

  'POST /api/kernel/auth/passkeys/options': async (world) => ({ body: { password }, as: await somebody(world) }),
  'POST /api/kernel/auth/passkeys': async (world) => {
    const { person, body } = await aNewPasskey(world);
    return { body, as: person, names: true };
  },
  'DELETE /api/kernel/auth/passkeys/{passkeyId}': async (world) => {
    const { person, body } = await withPasskey(world);
    return { params: { passkeyId: body.response.id }, as: person, names: true };
  },
  'POST /api/kernel/auth/sessions/passkey/options': async ({ site }) => ({ as: site.anyone() }),
  'POST /api/kernel/auth/sessions/passkey': async (world) => {
    const { device } = await withPasskey(world);
    const as = world.site.anyone();
    const { body } = await as.post<Asked<{ challenge: string }>>(`${AUTH}/sessions/passkey/options`);
    return { body: { ticket: body.ticket, response: device.get(body.options) }, as, names: true };
  },

  'GET /api/kernel/auth/providers': plain,
  'PUT /api/kernel/auth/providers/{provider}': async ({ provider }) => ({
    params: { provider: 'elsewhere' },
    body: { title: 'Elsewhere', issuer: provider.issuer, clientId: provider.clientId },
  }),
  'DELETE /api/kernel/auth/providers/{provider}': named(aProvider),
  'POST /api/kernel/auth/oidc/{provider}': named(aProvider, { body: { password } }),
  'POST /api/kernel/auth/sessions/oidc': (world) => aReturn(world),
  'DELETE /api/kernel/auth/identities/{provider}': async (world) => {
    const person = await somebody(world);
    const { params, body } = await aReturn(world, person);
    await person.post(`${AUTH}/sessions/oidc`, body);
    return { params, as: person, names: true };
  },
};
