// What the probes of the walls have in common: the site that is tried, and things in it that only it should know.
import type { TestCaller, TestKernel, TestPerson, TestTenant } from '@plinth/core/testing/kernel.ts';
import type { ForeignProvider } from './foreign-provider.ts';

export interface World {
  readonly kernel: TestKernel;
  readonly site: TestTenant;
  /** Owner of the site, and operator of the platform. */
  readonly owner: TestPerson;
  /** Where else the people of the site can sign in. */
  readonly provider: ForeignProvider;
}

/** How a route is used by its owner. */
export interface Probe {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Whoever it belongs to, where that is not the owner of the site. */
  readonly as?: TestCaller;
  /** It names something that exists in this site only: from another it must be refused. */
  readonly names?: true;
}

export type Recipe = (world: World) => Promise<Probe>;
export type Recipes = Readonly<Record<string, Recipe>>;

export const plain: Recipe = async () => ({});

/** For a route whose path names something that only this site has. */
export const named =
  (make: (world: World) => Promise<Record<string, string>>, more: Omit<Probe, 'params' | 'names'> = {}): Recipe =>
  async (world) => ({ params: await make(world), names: true, ...more });

export const password = 'correct horse battery';

let count = 0;
/** Whatever is called so must never be seen from another site. */
export const fresh = () => `canary-${++count}`;

export const somebody = ({ site }: World) => site.person({ email: `${fresh()}@victim.example` });

/** What a link in a letter carries behind its `#`. */
export const linkToken = (text: string) => /#([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? '';

interface Letter {
  readonly id: string;
  readonly text: string;
}

/** The letters to an address, from the mailbox of the site. */
export async function lettersTo({ site }: World, address: string): Promise<readonly Letter[]> {
  const { body } = await site.anyone().get<{ items: Letter[] }>(`/api/kernel/mail/mailbox?to=${address}`);
  return body.items;
}

/** A letter that asks somebody to confirm an address. */
export async function aLetter(world: World): Promise<Letter> {
  const email = `${fresh()}@victim.example`;
  await world.site.anyone().post('/api/kernel/auth/register', { email, password, displayName: 'Canary' });
  const [letter] = await lettersTo(world, email);
  if (!letter) throw new Error('no letter came');
  return letter;
}
