// A mail server that keeps what it is given and fails on command, and a room that writes to it.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { newId } from '@plinth/sdk';
import { SMTPServer } from 'smtp-server';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { createMail, type MailDeps, type NewMessage } from '../mail/mail.ts';
import { TestClock } from '../testing/clock.ts';
import { testDatabase } from '../testing/database.ts';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: ReadonlyMap<string, string>;
  readonly names: readonly string[];
  /** All text parts, decoded. */
  readonly text: string;
}

export type Behaviour = {
  rcpt?: (address: string) => Error | undefined | Promise<Error>;
  data?: (count: number) => Error | 'hang up' | 'say nothing' | undefined;
  auth?: (password: string) => boolean;
};

export async function aMailServer(behave: Behaviour = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: !behave.auth,
    allowInsecureAuth: true,
    disabledCommands: behave.auth ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    closeTimeout: 1,
    disableReverseLookup: true,
    onAuth: ({ password, username }, _session, done) =>
      behave.auth?.(password ?? '') ? done(null, { user: username }) : done(new Error('535 no')),
    onRcptTo: async ({ address }, _session, done) => done(await behave.rcpt?.(address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const to = rcptTo.map(({ address }) => address);
        received.push({ from: mailFrom ? mailFrom.address : '', to, ...parse(Buffer.concat(chunks).toString()) });
        const verdict = behave.data?.(received.length);
        if (verdict === 'say nothing') return;
        if (verdict !== 'hang up') return done(verdict);
        for (const connection of server.connections) (connection as unknown as { _socket: Socket })._socket.destroy();
      });
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    port,
    url: `smtp://${behave.auth ? 'site:secret@' : ''}127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function parse(raw: string): Pick<Received, 'headers' | 'names' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      decodeWords(line.slice(line.indexOf(':') + 2)),
    ]),
  );
  const parts = raw.slice(end).split(/\r\n--[^\r\n]+\r\n/);
  return {
    headers,
    names: lines.map((line) => line.slice(0, line.indexOf(':'))),
    text: parts.map(decodePart).join('\n'),
  };
}

function decodePart(part: string): string {
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  if (/transfer-encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString();
  if (/transfer-encoding: quoted-printable/i.test(part)) return unquote(body.replace(/=\r\n/g, ''));
  return body;
}

const unquote = (text: string) =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

const decodeWords = (value: string) =>
  value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : unquote(text.replaceAll('_', ' ')),
    );

/** A database with two tenants, `ada` and `bob`. */
export async function aMailPlace() {
  const place = await testDatabase();
  const roles = databaseRoles(`plinth_${place.name}`);
  const unit = (room: string) => ({
    id: `kernel/${room}`,
    schema: 'kernel',
    folder: new URL(`../${room}/migrations/`, import.meta.url),
  });
  await migrate(place.connection, roles, ['tenancy', 'events', 'mail'].map(unit));
  const database = new Database({ ...place.connection, user: roles.app }, roles);
  const [ada, bob] = [newId(), newId()];
  await database.spanning((_, client) =>
    client.query("insert into kernel.tenant (id, slug, name) values ($1, 'ada', 'Ada TV'), ($2, 'bob', 'Bob TV')", [
      ada,
      bob,
    ]),
  );
  return {
    database,
    ada,
    bob,
    close: async () => {
      await database.close();
      await place.drop();
    },
  };
}

export type Place = Awaited<ReturnType<typeof aMailPlace>>;

export function aMailRoom({ database, ada }: Place, given: Partial<MailDeps> & { url?: string } = {}) {
  const { url, ...deps } = given;
  const clock = (deps.clock as TestClock | undefined) ?? new TestClock();
  const logged: [string, Record<string, unknown>][] = [];
  const note = (event: string, fields?: Readonly<Record<string, unknown>>) => void logged.push([event, { ...fields }]);
  const mail = createMail({
    database,
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    transport: url === undefined ? { kind: 'mailbox' } : { kind: 'smtp', url },
    from: 'no-reply@plinth.example',
    mode: 'test',
    brandOf: (tenantId) =>
      tenantId === ada
        ? { siteName: 'Ada TV', url: 'http://ada.localhost:8080', zone: 'Europe/Lisbon' }
        : { siteName: 'Bob TV', url: 'http://bob.localhost:8080' },
    templateOf: async () => undefined,
    recipientOf: async (_, accountId) =>
      accountId === EVE ? { address: 'eve@example.org', locale: 'fr', displayName: 'Eve' } : undefined,
    ...deps,
  });
  return {
    mail,
    clock,
    logged,
    enqueue: (message: Partial<NewMessage> = {}) => {
      const whole = { ...VERIFY, tenantId: ada, ...message };
      return database.tenant(whole.tenantId, (_, client) => mail.enqueue(client, whole));
    },
    rows: async () => {
      const { rows } = await database.spanning((_, client) =>
        client.query<{
          address: string;
          template: string;
          state: string;
          reason: string;
          attempts: number;
          data: unknown;
        }>('select * from kernel.mail_message order by template, address, tenant_id, id'),
      );
      return rows;
    },
  };
}

export const EVE = newId();
export const VERIFY = {
  to: 'eve@example.org',
  template: 'kernel.verify-email',
  locale: 'en',
  data: { displayName: 'Eve', link: 'http://ada.localhost:8080/verify-email#abc', minutes: 30 },
};
