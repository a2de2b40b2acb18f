// Events, jobs and heavy work.
import { fresh, named, plain, type Recipes, type World } from './world.ts';

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

/** Of a kind that no node does: it waits. */
async function heavyWork({ kernel, site, owner }: World) {
  const spec = { title: fresh() };
  const work = { kind: 'walls.climb', plugin: 'tip-jar', accountId: owner.accountId, spec };
  return { workId: (await kernel.kernel.work.submit(site.id, work)).workId };
}

export const workRecipes: Recipes = {
  'GET /api/kernel/events/dead': plain,
  'POST /api/kernel/events/dead/replay': async () => ({ body: {} }),
  'GET /api/kernel/jobs': plain,
  'GET /api/kernel/jobs/{runId}': named(aRun),
  'POST /api/kernel/jobs/{runId}/cancel': named(aRun),
  'GET /api/kernel/work': async (world) => {
    await heavyWork(world);
    return {};
  },
  'GET /api/kernel/work/{workId}': named(heavyWork),
  'POST /api/kernel/work/{workId}/cancel': named(heavyWork),
  'POST /api/kernel/jobs/{runId}/retry': named(async (world) => {
    const { runId } = await aRun(world);
    await world.kernel.count(`update kernel.job_run set state = 'failed' where id = '${runId}'`);
    return { runId };
  }),
};
