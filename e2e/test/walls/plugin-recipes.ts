// The two plugins: the tip jar, and the one that runs the site itself.
import { fresh, named, password, plain, type Recipes, type World } from './world.ts';

export async function aJar({ owner }: World) {
  const { body } = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: fresh() });
  return { jarId: body.id };
}

/** Somebody with points to give. */
export async function aGiver({ site }: World) {
  const giver = await site.person();
  await giver.post('/api/tip-jar/welcome');
  return giver;
}

async function aHost({ owner }: World) {
  const host = `${fresh()}.victim.example`;
  await owner.put(`/api/tenants/hosts/${host}`);
  return { host };
}

export const pluginRecipes: Recipes = {
  'POST /api/tip-jar/jars': async () => ({ body: { title: fresh() } }),
  'GET /api/tip-jar/jars': plain,
  'GET /api/tip-jar/jars/{jarId}': named(aJar),
  'DELETE /api/tip-jar/jars/{jarId}': named(aJar),
  'POST /api/tip-jar/jars/{jarId}/tips': async (world) => ({
    params: await aJar(world),
    body: { points: 1 },
    as: await aGiver(world),
    names: true,
  }),
  'POST /api/tip-jar/welcome': plain,

  'GET /api/tenants/site': plain,
  'PATCH /api/tenants/site': async () => ({ body: { locale: 'en' } }),
  'PUT /api/tenants/brand': async () => ({ body: { brand: '#1a1a2e', accent: '#8a1538', radius: 8, scheme: 'auto' } }),
  'GET /api/tenants/hosts': plain,
  // Anybody may claim an address; it stays its owner's.
  'PUT /api/tenants/hosts/{host}': async (world) => ({ params: await aHost(world) }),
  'POST /api/tenants/hosts/{host}/verify': named(aHost),
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
  'DELETE /api/tenants/plugins/{plugin}': async ({ site }) => {
    await site.enable('tip-jar');
    return { params: { plugin: 'tip-jar' } };
  },
  'POST /api/tenants/plugins/{plugin}/export': async ({ site }) => {
    await site.disable('tip-jar');
    return { params: { plugin: 'tip-jar' } };
  },
  'PUT /api/tenants/plugins/{plugin}/retention': async ({ site }) => {
    await site.disable('tip-jar');
    return { params: { plugin: 'tip-jar' }, body: { days: 30 } };
  },
  'GET /api/tenants/tenants': plain,
  'POST /api/tenants/tenants': async () => ({
    body: { slug: fresh(), name: 'Another', owner: { email: 'owner@another.example', password, displayName: 'Owner' } },
    names: true,
  }),
};
