import type { ExtendContribution, Point } from '@plinth/sdk';
import { errors } from '../errors.ts';
import { checkOf } from '../schemas.ts';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import type { PluginContext } from './context.ts';
import type { Loaded, Runtime } from './runtime.ts';

/** Whoever asks: the ctx of a plugin, or the kernel for itself. */
type Asker = Pick<PluginContext, 'beforeCall' | 'start' | 'tenant'>;

interface Extension {
  readonly loaded: Loaded;
  readonly extend: ExtendContribution;
}

/**
 * Asks every plugin that extends a point and is switched on in this tenant, and combines the answers as the point's
 * owner said. A failing or late answer is left out or fails the question, as the owner said too: silence is never
 * taken for an opinion.
 */
export async function askPoint(
  runtime: Runtime,
  ctx: Asker,
  asker: string,
  point: Point,
  input: unknown,
): Promise<unknown> {
  ctx.beforeCall(point.id);
  mustFit(point, 'question', checkOf(point.input)(input));
  const deadline = AbortSignal.timeout(point.budgetMs);
  const ask = (extension: Extension, question: unknown) =>
    answerOf(runtime, ctx, asker, point, extension, question, deadline);
  const extensions = extensionsOf(runtime, ctx.start.tenant, point);
  if (point.combine === 'pipe') {
    let value = input;
    for (const extension of extensions) value = (await ask(extension, value)) ?? value;
    return value;
  }
  if (point.combine === 'first') {
    for (const extension of extensions) {
      const answer = await ask(extension, input);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
  const answers = (await Promise.all(extensions.map((extension) => ask(extension, input)))).filter(
    (each) => each !== undefined,
  );
  return point.combine === 'all' ? answers : sum(answers);
}

/** By phase, then plugin, then id: installation order never decides. */
export function extensionsOf(runtime: Runtime, tenant: TenantState, point: Point): Extension[] {
  const found: Extension[] = [];
  for (const loaded of runtime.loaded.values()) {
    if (!isEnabled(tenant, loaded.id)) continue;
    for (const extend of loaded.extensions) if (extend.point.id === point.id) found.push({ loaded, extend });
  }
  const key = ({ loaded, extend }: Extension) => `${loaded.id}/${extend.id}`;
  return found.sort((a, b) => a.extend.phase - b.extend.phase || (key(a) < key(b) ? -1 : 1));
}

async function answerOf(
  runtime: Runtime,
  ctx: Asker,
  asker: string,
  point: Point,
  { loaded, extend }: Extension,
  input: unknown,
  deadline: AbortSignal,
): Promise<unknown> {
  try {
    const start = { ...ctx.start, caller: asker, signal: () => deadline };
    const answer: unknown = await within(deadline, extend.handler(new loaded.Context(start), input));
    if (answer !== undefined) mustFit(point, `answer of ${loaded.id}`, checkOf(point.output)(answer));
    return answer;
  } catch (error) {
    if (point.onError === 'fail')
      throw errors.point_failed({ detail: `${loaded.id} did not answer ${point.id}.`, cause: error });
    runtime.log.warn('point-answer-skipped', {
      point: point.id,
      plugin: loaded.id,
      tenant: ctx.tenant.id,
      error: String(error),
    });
    return undefined;
  }
}

function within<T>(deadline: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error('no answer within the point’s budget'));
    if (deadline.aborted) return late();
    deadline.addEventListener('abort', late, { once: true });
    answer.then(resolve, reject).finally(() => deadline.removeEventListener('abort', late));
  });
}

/** Numbers add up; lists of numbers add up element by element. */
function sum(answers: readonly unknown[]): unknown {
  const first = answers[0];
  if (!Array.isArray(first)) return answers.reduce<number>((total, each) => total + Number(each), 0);
  return answers.reduce<number[]>(
    (totals, each) => totals.map((total, index) => total + Number(Array.isArray(each) ? (each[index] ?? 0) : 0)),
    first.map(() => 0),
  );
}

function mustFit(point: Point, what: string, wrong: unknown): void {
  if (wrong) throw errors.bad_payload({ detail: `The ${what} does not fit ${point.id}.`, errors: wrong });
}
