// `plinth ledger`: looks into the books from the machine itself.
import { KERNEL } from '../ledger/names.ts';
import { statementOf } from '../ledger/statement.ts';
import { verifyBooks } from '../ledger/verify.ts';
import { Tenancy } from '../tenancy/tenancy.ts';
import { errors } from './errors.ts';
import { atPlace, type Place } from './place.ts';
import type { Result, Typed } from './verb.ts';

export async function ledger({ options, words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action, account, ...more] = words;
  const site = options.site as string | undefined;
  if (action === 'verify' && account === undefined) return print(await atPlace((place) => verify(place, site)));
  const { currency, cursor } = options as { currency?: string; cursor?: string };
  if (action !== 'statement' || !account || !site || !currency || more.length > 0)
    throw errors.wrong_usage({
      detail: 'Write "ledger verify", or "ledger statement ACCOUNT --site NAME --currency C".',
    });
  const asked = { account, currency, ...(cursor === undefined ? {} : { cursor }) };
  print(
    await atPlace(async (place) => {
      const tenantId = await idOf(place, site);
      const statement = await statementOf(place.database, { tenantId, party: KERNEL }, asked);
      const lines = statement.items.map(
        (line) => `${line.at}  ${String(line.minor).padStart(12)}  ${String(line.balance).padStart(12)}  ${line.with}`,
      );
      return { ...statement, text: [...lines, `balance ${statement.closing} ${currency}`].join('\n') };
    }),
  );
}

async function verify(place: Place, site: string | undefined): Promise<Result> {
  const verdict = await verifyBooks(place.database, site && (await idOf(place, site)));
  const { books, entries, broken } = verdict;
  if (broken) {
    const where = broken.entry === undefined ? '' : `, entry ${broken.entry}`;
    throw errors.ledger_broken({ detail: `Of the site ${broken.tenantId}${where}: ${broken.reason}`, ...verdict });
  }
  return { ...verdict, text: `${books} books with ${entries} entries are whole.` };
}

async function idOf({ config, database }: Place, site: string): Promise<string> {
  const tenancy = new Tenancy({ database, platformHost: config.platformHost });
  const found = await tenancy.byHost(`${site}.${config.platformHost}`);
  if (!found) throw errors.site_missing({ detail: `It is "${site}".` });
  return found.facts.id;
}
