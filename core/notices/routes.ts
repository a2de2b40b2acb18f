import { type Contribution, newId } from '@plinth/sdk';
import { NoticeChannel } from '@plinth/sdk/services/notices.ts';
import { Type } from 'typebox';
import { errors as kernel } from '../errors.ts';
import { fillWords } from '../mail/letter.ts';
import { kernelRoute } from '../room.ts';
import type { NoticesDeps } from './deps.ts';
import { errors } from './errors.ts';
import { channelsOf, kindId, said } from './kinds.ts';
import type { Push } from './push.ts';

const Time = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Of day, like 22:00.' });
const Quiet = Type.Object({ starts: Time, ends: Time, zone: Type.String({ description: 'IANA time zone.' }) });
const Key = (characters: number) => Type.String({ pattern: `^[A-Za-z0-9_-]{${characters}}=*$` });
const Language = Type.Object({ locale: Type.Optional(Type.String({ maxLength: 20 })) });
const Listed = Type.Object({
  ...{ id: Type.String(), kind: Type.String(), title: Type.String(), text: Type.String() },
  ...{ link: Type.Optional(Type.String()), at: Type.String(), read: Type.Boolean() },
});
const MOST_BROWSERS = 10;

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, string | number>>;
  readonly link: string | null;
  readonly created_at: Date;
  readonly read: boolean;
}

/** A person's own notices, how they want them, and the browsers that ring. */
export function noticeRoutes(deps: NoticesDeps, push: Push): Contribution[] {
  return [...listRoutes(deps), ...preferenceRoutes(deps), ...browserRoutes(deps, push)];
}

function listRoutes({ database, clock, kindsOf }: NoticesDeps): Contribution[] {
  return [
    kernelRoute(
      'GET /notices',
      {
        auth: 'user',
        summary: 'My notices, newest first',
        query: Type.Object({
          after: Type.Optional(Type.String({ format: 'uuid' })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
          ...Language.properties,
        }),
        reply: Type.Object({ items: Type.Array(Listed), next: Type.Optional(Type.String()), unread: Type.Integer() }),
      },
      async ({ tenant, actor }, { query: { after, limit = 30, locale = tenant.locale } }) => {
        const kinds = new Map((await kindsOf(tenant.id)).map((kind) => [kindId(kind), kind]));
        const of = [tenant.id, actor.accountId, [...kinds.keys()]];
        const { rows, unread } = await database.tenant(
          tenant.id,
          async (_, client) => {
            const mine = `from kernel.notice where tenant_id = $1 and account_id = $2 and shown and kind = any($3)`;
            const list = await client.query<Row>(
              `select id, kind, data, link, created_at, read_at is not null as read ${mine}
                 and ($4::uuid is null or id < $4) order by id desc limit $5`,
              [...of, after ?? null, limit + 1],
            );
            const count = await client.query<{ n: number }>(
              `select count(*)::int as n ${mine} and read_at is null`,
              of,
            );
            return { rows: list.rows, unread: count.rows[0]?.n ?? 0 };
          },
          'read',
        );
        const items = rows.slice(0, limit).flatMap((row) => {
          const kind = kinds.get(row.kind);
          const { id, link, created_at, read } = row;
          const head = { id, kind: row.kind, at: created_at.toISOString(), read, ...(link === null ? {} : { link }) };
          return kind ? [{ ...head, ...said(row.data, kind, locale) }] : [];
        });
        const last = rows.length > limit ? items.at(-1)?.id : undefined;
        return { items, unread, ...(last === undefined ? {} : { next: last }) };
      },
    ),
    kernelRoute(
      'POST /notices/read',
      {
        auth: 'user',
        summary: 'Mark my notices as read: those named, or all',
        body: Type.Object({ ids: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { maxItems: 100 })) }),
      },
      async ({ tenant, actor }, { body: { ids } }) => {
        await database.tenant(tenant.id, (_, client) =>
          client.query(
            `update kernel.notice set read_at = $3 where tenant_id = $1 and account_id = $2 and read_at is null
             and ($4::uuid[] is null or id = any($4))`,
            [tenant.id, actor.accountId, clock.now(), ids ?? null],
          ),
        );
      },
    ),
  ];
}

function preferenceRoutes({ database, kindsOf }: NoticesDeps): Contribution[] {
  const Kinds = Type.Object({ kind: Type.String(), label: Type.String(), channels: Type.Array(NoticeChannel) });
  return [
    kernelRoute(
      'GET /notices/preferences',
      {
        auth: 'user',
        summary: 'What reaches me, and how',
        query: Language,
        reply: Type.Object({ kinds: Type.Array(Kinds), quiet: Type.Optional(Quiet) }),
      },
      async ({ tenant, actor }, { query: { locale = tenant.locale } }) => {
        const of = [tenant.id, actor.accountId];
        const [chosen, quiet] = await database.tenant(tenant.id, async (_, client) => [
          await client.query<{ kind: string; channels: NoticeChannel[] }>(
            'select kind, channels from kernel.notice_preference where tenant_id = $1 and account_id = $2',
            of,
          ),
          await client.query<{ starts: string; ends: string; zone: string }>(
            'select starts, ends, zone from kernel.notice_quiet where tenant_id = $1 and account_id = $2',
            of,
          ),
        ]);
        const own = new Map(chosen.rows.map(({ kind, channels }) => [kind, channels]));
        const kinds = (await kindsOf(tenant.id)).map((kind) => ({
          kind: kindId(kind),
          label: fillWords(kind.entry.label, {}, locale),
          channels: [...(own.get(kindId(kind)) ?? channelsOf(kind))],
        }));
        return { kinds, ...(quiet.rows[0] ? { quiet: quiet.rows[0] } : {}) };
      },
    ),
    kernelRoute(
      'PUT /notices/preferences',
      {
        auth: 'user',
        summary: 'Choose what reaches me; without "quiet" there are no quiet hours',
        body: Type.Object({
          kinds: Type.Array(
            Type.Object({ kind: Type.String(), channels: Type.Array(NoticeChannel, { uniqueItems: true }) }),
            {
              maxItems: 500,
            },
          ),
          quiet: Type.Optional(Quiet),
        }),
      },
      async ({ tenant, actor }, { body: { kinds, quiet } }) => {
        const known = new Set((await kindsOf(tenant.id)).map(kindId));
        const unknown = kinds.find(({ kind }) => !known.has(kind));
        if (unknown) throw errors.notice_no_kind({ detail: unknown.kind });
        if (quiet && !isZone(quiet.zone)) throw errors.notice_bad_zone({ detail: quiet.zone });
        const of = [tenant.id, actor.accountId];
        await database.tenant(tenant.id, async (_, client) => {
          for (const { kind, channels } of kinds) {
            await client.query(
              `insert into kernel.notice_preference (tenant_id, account_id, kind, channels) values ($1, $2, $3, $4)
               on conflict (tenant_id, account_id, kind) do update set channels = $4`,
              [...of, kind, channels],
            );
          }
          await client.query('delete from kernel.notice_quiet where tenant_id = $1 and account_id = $2', of);
          if (!quiet) return;
          await client.query('insert into kernel.notice_quiet values ($1, $2, $3, $4, $5)', [
            ...of,
            quiet.starts,
            quiet.ends,
            quiet.zone,
          ]);
        });
      },
    ),
  ];
}

function browserRoutes({ database, clock }: NoticesDeps, push: Push): Contribution[] {
  return [
    kernelRoute(
      'GET /notices/push-key',
      {
        auth: 'public',
        summary: 'The key for PushManager.subscribe',
        reply: Type.Object({ publicKey: Type.String() }),
      },
      async () => ({ publicKey: push.publicKey }),
    ),
    kernelRoute(
      'POST /notices/push-subscriptions',
      {
        auth: 'user',
        summary: 'Let this browser ring, for as long as this sign-in lasts',
        body: Type.Object({
          endpoint: Type.String({ maxLength: 1000 }),
          keys: Type.Object({ p256dh: Key(87), auth: Key(22) }),
        }),
        reply: Type.Object({ id: Type.String() }),
        status: 201,
      },
      async ({ tenant, actor }, { body: { endpoint, keys } }) => {
        if (!push.accepts(endpoint)) throw errors.push_bad_endpoint();
        return database.tenant(tenant.id, async (_, client) => {
          const { rows } = await client.query<{ id: string }>(
            `insert into kernel.push_subscription (tenant_id, id, account_id, session_id, endpoint, p256dh, auth, created_at)
             select $1, $2, account_id, id, $4, $5, $6, $7 from kernel.session where tenant_id = $1 and id = $3 for key share
             on conflict (tenant_id, endpoint) do update set account_id = excluded.account_id,
               session_id = excluded.session_id, p256dh = $5, auth = $6 returning id`,
            [tenant.id, newId(), actor.credential.id, endpoint, keys.p256dh, keys.auth, clock.now()],
          );
          // The session may have ended since it was last looked at.
          if (!rows[0]) throw kernel.unauthenticated();
          await client.query(
            `delete from kernel.push_subscription where tenant_id = $1 and account_id = $2 and id not in
               (select id from kernel.push_subscription where tenant_id = $1 and account_id = $2 order by created_at desc, id desc limit ${MOST_BROWSERS})`,
            [tenant.id, actor.accountId],
          );
          return { id: rows[0].id };
        });
      },
    ),
    kernelRoute(
      'DELETE /notices/push-subscriptions/:id',
      { auth: 'user', summary: 'Let a browser of mine ring no more' },
      async ({ tenant, actor }, { params: { id } }) => {
        const { rowCount } = await database.tenant(tenant.id, (_, client) =>
          client.query(
            'delete from kernel.push_subscription where tenant_id = $1 and account_id = $2 and id::text = $3',
            [tenant.id, actor.accountId, id],
          ),
        );
        if (rowCount === 0) throw kernel.not_found();
      },
    ),
  ];
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
