// `plinth db`: the database brought up to date, taken away in one file, and put back.
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { backUp } from '../database/backup.ts';
import { restore } from '../database/restore.ts';
import { verifyBooks } from '../ledger/verify.ts';
import { KERNEL_VERSION } from '../plugins/validate-plugin.ts';
import { openDriver } from '../storage/open-driver.ts';
import { errors } from './errors.ts';
import { atPlace, type Place } from './place.ts';
import type { Result, Typed } from './verb.ts';

export async function db({ options, words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action, file, ...more] = words;
  if (more.length > 0) throw errors.wrong_usage({ detail: 'That is one word too many.' });
  if (action === 'migrate' && file === undefined) print(await atPlace(bringUp));
  else if (action === 'backup' && file !== undefined) print(await save(file, options['without-objects'] === true));
  else if (action === 'restore' && file !== undefined) print(await atPlace((place) => putBack(place, file)));
  else throw errors.wrong_usage({ detail: 'Write "db migrate", "db backup FILE" or "db restore FILE".' });
}

async function bringUp({ migrate, units }: Place): Promise<Result> {
  await migrate();
  return { units: units.map((unit) => unit.id), text: 'The database is up to date.' };
}

function save(file: string, withoutObjects: boolean): Promise<Result> {
  if (existsSync(file)) throw errors.file_there({ detail: `It is ${file}.` });
  return atPlace(async ({ config, connections: { owner } }) => {
    const driver = withoutObjects ? undefined : await openDriver(config);
    const bytes = backUp({ owner, driver, secret: config.secret, kernel: KERNEL_VERSION, now: new Date() });
    // Under its name only when it is whole and on the disk.
    const half = `${file}.part`;
    try {
      await pipeline(bytes, createZstdCompress(), createWriteStream(half, { mode: 0o600, flush: true }));
      renameSync(half, file);
    } catch (error) {
      const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
      throw full ? errors.disk_full({ detail: `It is where ${file} should lie.` }) : error;
    } finally {
      rmSync(half, { force: true });
    }
    const size = statSync(file).size;
    const next = 'Keep PLINTH_SECRET, or the file "secret" of the data directory, in another safe place.';
    return { file, bytes: size, text: `${file} holds everything (${size} bytes).\n${next}` };
  });
}

async function putBack({ config, connections, units, database }: Place, file: string): Promise<Result> {
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  const driver = await openDriver(config);
  const unpacked = createReadStream(file).pipe(createZstdDecompress());
  const restored = await restore({ ...connections, units, driver, secret: config.secret }, unpacked);
  const { broken, entries } = await verifyBooks(database);
  if (broken) throw new Error(`The rows are back, but the ledger is not whole: ${broken.reason}`);
  const { at, rows, objects, missing, otherSecret } = restored;
  const lines = [
    `It is as it was on ${at}: ${rows} rows, ${objects} objects, ${entries} entries in the ledger, each verified.`,
    ...(missing > 0 ? [`${missing} objects were not in the backup: put back their directory or bucket as well.`] : []),
    ...(otherSecret ? ['PLINTH_SECRET is another one than then: people must set up their second factors anew.'] : []),
  ];
  return { ...restored, entries, text: lines.join('\n') };
}
