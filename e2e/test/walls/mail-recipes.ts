// Letters, and what people are told in the page.
import { randomBytes } from 'node:crypto';
import { aLetter, fresh, named, plain, type Recipes, type World } from './world.ts';

async function anId(world: World) {
  return { id: (await aLetter(world)).id };
}

async function aBulkLetter(world: World) {
  const { id } = await aLetter(world);
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

export const mailRecipes: Recipes = {
  'GET /api/kernel/mail/mailbox': plain,
  'GET /api/kernel/mail/mailbox/{id}': named(anId),
  'GET /api/kernel/mail/mailbox/{id}/html': named(anId),
  'GET /api/kernel/mail/unsubscribe/{id}': named(aBulkLetter),
  'POST /api/kernel/mail/unsubscribe/{id}': named(aBulkLetter),

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
};
