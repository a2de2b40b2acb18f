// Mail over a real SMTP server: what arrives, what must not, and what happens when the server or a node fails.

import type { Call } from '@plinth/sdk';
import { newId } from '@plinth/sdk';
import { Mail } from '@plinth/sdk/services/mail.ts';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import en from '../mail/strings/en.json' with { type: 'json' };
import es from '../mail/strings/es.json' with { type: 'json' };
import fr from '../mail/strings/fr.json' with { type: 'json' };
import pt from '../mail/strings/pt.json' with { type: 'json' };
import { aMailPlace, aMailRoom, aMailServer, type Behaviour, EVE, type Place, VERIFY } from './mail-driver.ts';

let place: Place;
let behave: Behaviour;
let server: Awaited<ReturnType<typeof aMailServer>>;
let room: ReturnType<typeof aMailRoom>;
const rooms: ReturnType<typeof aMailRoom>[] = [];

function another(given: Parameters<typeof aMailRoom>[1] = {}) {
  const made = aMailRoom(place, { url: server.url, ...given });
  rooms.push(made);
  return made;
}

beforeAll(async () => {
  place = await aMailPlace();
});
afterAll(() => place.close());
beforeEach(async () => {
  await place.database.spanning((_, client) => client.query('delete from kernel.mail_message'));
  await place.database.spanning((_, client) => client.query('delete from kernel.mail_suppression'));
  behave = {};
  server = await aMailServer({
    rcpt: (address) => behave.rcpt?.(address),
    data: (count) => behave.data?.(count),
  });
  room = another();
});
afterEach(async () => {
  await server.close();
  for (const { mail } of rooms.splice(0)) await mail.stop?.();
});

const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

describe('a message', () => {
  test('arrives in the reader’s language, as text and as HTML, from the tenant', async () => {
    await room.enqueue({ locale: 'pt-BR' });
    await room.mail.settle();
    const [mail] = server.received;
    expect(mail).toMatchObject({ from: 'no-reply@plinth.example', to: ['eve@example.org'] });
    expect(Object.fromEntries(mail?.headers ?? [])).toMatchObject({
      from: 'Ada TV <no-reply@plinth.example>',
      to: 'eve@example.org',
      subject: 'Confirma o teu endereço para Ada TV',
      'auto-submitted': 'auto-generated',
      'content-language': 'pt',
    });
    expect(mail?.text).toContain('Olá, Eve,\r\n\r\nConfirma que este endereço é teu');
    expect(mail?.text).toContain('Confirmar o meu endereço:\r\nhttp://ada.localhost:8080/verify-email#abc');
    expect(mail?.text).toContain('href="http://ada.localhost:8080/verify-email#abc">Confirmar o meu endereço</a>');
    expect(mail?.headers.has('list-unsubscribe')).toBe(false);
  });

  test('is sent if the transaction that wanted it commits, and only then', async () => {
    await expect(
      place.database.tenant(place.ada, async (_, client) => {
        await room.mail.enqueue(client, { ...VERIFY, tenantId: place.ada });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await room.mail.settle();
    expect(server.received).toEqual([]);
  });

  test('leaves by itself, soon after the commit', async () => {
    const arrived = Promise.withResolvers<void>();
    behave.data = () => void arrived.resolve();
    await room.mail.start?.();
    await room.enqueue();
    await arrived.promise;
    await room.mail.drain?.();
    expect(await room.rows()).toMatchObject([{ state: 'sent' }]);
  });

  test('keeps no secret once it is sent, and the log never has an address or a link', async () => {
    await room.enqueue();
    await room.mail.settle();
    const [row] = await room.rows();
    expect([row?.state, row?.attempts, row?.data]).toEqual(['sent', 1, {}]);
    expect(JSON.stringify(room.logged)).not.toMatch(/example\.org|verify-email#/);
  });

  test('says instants in the reader’s language and the site’s zone, and leaves out what it does not know', async () => {
    const data = { displayName: 'Eve', when: '2030-07-01T10:00:00Z', link: '/account/security' };
    await room.enqueue({ template: 'kernel.new-sign-in', locale: 'fr', data });
    await room.mail.settle();
    expect(server.received[0]?.text).toMatch(/Quand : 1 juillet 2030 à 11:00:00/);
    expect(server.received[0]?.text).not.toMatch(/D’où|\{\w+\}|undefined/);
    expect(server.received[0]?.text).toContain('http://ada.localhost:8080/account/security');
  });

  test('is refused at once when its template or its address is nonsense', async () => {
    await expect(room.enqueue({ template: 'kernel.nothing' })).rejects.toThrow('no such mail template');
    const nonsense = [
      '',
      'eve',
      'eve@',
      '@x',
      'a@b, c@d',
      'a@b\r\nBcc: c@d',
      '"a b"@c',
      'Eve <a@b>',
      'a@b@c',
      'a:b@c;',
      'a@[::1]',
      'a @b',
      'a\u0000@b',
    ];
    for (const to of nonsense) await expect(room.enqueue({ to }), to).rejects.toThrow('no e-mail address');
  });

  test('with a key is written once', async () => {
    expect(await room.enqueue({ key: 'k' })).toBe(true);
    expect(await room.enqueue({ key: 'k' })).toBe(false);
    expect(await room.enqueue({ key: 'k', tenantId: place.bob })).toBe(true);
    await room.mail.settle();
    expect(server.received.map(({ headers }) => headers.get('from'))).toEqual(
      expect.arrayContaining(['Ada TV <no-reply@plinth.example>', 'Bob TV <no-reply@plinth.example>']),
    );
    expect(server.received).toHaveLength(2);
  });
});

describe('whatever strangers write', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      'x\r\nBcc: eve@evil.example',
      'x\n\n<script>',
      '\u2028Subject: y',
      '"><img src=x onerror=alert(1)>',
      "' onclick='x",
      '{link}',
      '=?utf-8?q?=0D=0ABcc:_a@b?=',
    ),
  );

  test('adds no header, no recipient and no markup', async () => {
    const shouting = another({ brandOf: () => ({ siteName, url: 'http://ada.localhost' }) });
    let siteName = '';
    await fc.assert(
      fc.asyncProperty(nasty, nasty, nasty, async (name, title, text) => {
        siteName = name;
        server.received.splice(0);
        await shouting.enqueue({ template: 'kernel.notice', data: { displayName: name, title, text, link: '/x' } });
        await shouting.mail.settle();
        const [mail] = server.received;
        expect(mail?.to).toEqual(['eve@example.org']);
        expect([...(mail?.names ?? [])].sort()).toEqual([
          'Auto-Submitted',
          'Content-Language',
          'Content-Type',
          'Date',
          'From',
          'List-Unsubscribe',
          'List-Unsubscribe-Post',
          'MIME-Version',
          'Message-ID',
          'Subject',
          'To',
        ]);
        const markup = (mail?.text ?? '').slice(mail?.text.indexOf('<!doctype'));
        expect(markup.match(/<(?!\/?(html|head|meta|title|style|body|div|p|a)\b|!doctype)/g)).toBeNull();
        expect(markup).not.toMatch(/<[^>]*\son\w+=/);
      }),
      { numRuns: 60 },
    );
  });

  test('is no advertisement in mail to a third party', async () => {
    const data = { ...VERIFY.data, displayName: 'Win now at http://evil.example' };
    await room.enqueue({ data });
    await room.mail.settle();
    expect(server.received[0]?.text).not.toMatch(/evil|Hello/);
  });

  test('leads to the web only', async () => {
    await room.enqueue({ data: { ...VERIFY.data, link: 'javascript:alert(1)' } });
    await room.mail.settle();
    expect(server.received).toEqual([]);
  });
});

describe('when sending fails', () => {
  test('a server that is away is tried again, later each time, and the message is the same one', async () => {
    let failures = 3;
    behave.data = () => (failures-- > 0 ? refusal(451, '4.3.0 try later') : undefined);
    await room.enqueue();
    await room.mail.settle();
    await room.mail.settle();
    expect(server.received).toHaveLength(1);
    for (const wait of ['9s', '1s', '59s', '1s', '5m'] as const) {
      room.clock.advance(wait);
      await room.mail.settle();
    }
    expect(server.received).toHaveLength(4);
    expect(new Set(server.received.map(({ headers }) => headers.get('message-id'))).size).toBe(1);
    expect(await room.rows()).toMatchObject([{ state: 'sent', attempts: 4 }]);
  });

  test('nobody listening on the port loses nothing', async () => {
    await server.close();
    await room.enqueue();
    await room.mail.settle();
    expect(await room.rows()).toMatchObject([{ state: 'queued', attempts: 1 }]);
    expect(await room.mail.figures()).toEqual({ waiting: 1, refused: 1, failed: 0, lateMs: 0 });
    room.clock.advance('1m');
    expect(await room.mail.figures()).toEqual({ waiting: 1, refused: 1, failed: 0, lateMs: 50_000 });
    expect(JSON.stringify((await room.rows())[0]?.data)).toContain('verify-email#abc');
  });

  test('our own wrong password is no reason to give a message up', async () => {
    const locked = await aMailServer({ auth: (password) => password === 'right' });
    const site = another({ url: locked.url });
    await site.enqueue();
    await site.mail.settle();
    expect(await site.rows()).toMatchObject([{ state: 'queued', reason: expect.stringContaining('535') }]);
    await locked.close();
  });

  test('it is given up after the last wait, and then says why and forgets the rest', async () => {
    behave.data = () => refusal(451, '4.3.0 try later');
    await room.enqueue();
    for (let n = 0; n < 10; n++) {
      await room.mail.settle();
      room.clock.advance('1d');
    }
    expect(server.received).toHaveLength(8);
    expect(await room.rows()).toMatchObject([{ state: 'failed', reason: expect.stringContaining('try later') }]);
    expect((await room.rows())[0]?.data).toEqual({});
    await room.enqueue();
    expect(await room.mail.figures()).toEqual({ waiting: 1, refused: 0, failed: 1, lateMs: 0 });
  });

  test('a connection that breaks after the message was given is repeated under the same id', async () => {
    behave.data = (count) => (count === 1 ? 'hang up' : undefined);
    await room.enqueue();
    await room.mail.settle();
    room.clock.advance('10s');
    await room.mail.settle();
    expect(server.received.map(({ headers }) => headers.get('message-id'))).toEqual([
      server.received[0]?.headers.get('message-id'),
      server.received[0]?.headers.get('message-id'),
    ]);
    expect(await room.rows()).toMatchObject([{ state: 'sent' }]);
  });

  test('a message refused for good is not tried again; the address may still be good', async () => {
    behave.rcpt = () => refusal(550, '550 5.7.1 we do not like you');
    await room.enqueue();
    await room.mail.settle();
    expect(await room.rows()).toMatchObject([{ state: 'failed' }]);
    behave.rcpt = () => undefined;
    await room.enqueue();
    await room.mail.settle();
    expect(server.received).toHaveLength(1);
  });
});

describe('several nodes', () => {
  test('send each message once', async () => {
    for (let n = 0; n < 60; n++) await room.enqueue({ to: `p${n}@example.org` });
    await Promise.all([room, another(), another()].map(({ mail }) => mail.settle()));
    expect(server.received.map(({ to }) => to[0]).sort()).toEqual(
      Array.from({ length: 60 }, (_, n) => `p${n}@example.org`).sort(),
    );
  });

  test('take over from one that died with a message in its hands', async () => {
    const given = Promise.withResolvers<void>();
    behave.data = () => {
      given.resolve();
      return 'say nothing';
    };
    await room.enqueue();
    void room.mail.settle().catch(() => {});
    await given.promise;
    const other = another({ clock: room.clock });
    await other.mail.settle();
    expect(server.received).toHaveLength(1);
    behave.data = () => undefined;
    room.clock.advance('5m');
    await other.mail.settle();
    expect(server.received).toHaveLength(2);
    expect(await room.rows()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });
});

describe('suppression', () => {
  test('an address that does not exist gets nothing more, and that is on record', async () => {
    behave.rcpt = () => refusal(550, '5.1.1 no such mailbox');
    await room.enqueue({ to: 'Gone@example.org' });
    await room.mail.settle();
    behave.rcpt = () => undefined;
    await room.enqueue({ to: 'gone@example.org' });
    await room.enqueue({ to: 'gone@example.org', tenantId: place.bob });
    await room.mail.settle();
    const states = (await room.rows()).map(({ address, state }) => [address, state]);
    expect(states.sort()).toEqual([
      ['Gone@example.org', 'failed'],
      ['gone@example.org', 'sent'],
      ['gone@example.org', 'suppressed'],
    ]);
    await place.database.tenant(place.ada, (_, client) => room.mail.restore(client, place.ada, 'gone@example.org'));
    await room.enqueue({ to: 'gone@example.org' });
    await room.mail.settle();
    expect(server.received).toHaveLength(2);
  });

  test('who unsubscribed gets what they asked for, and nothing else', async () => {
    await place.database.tenant(place.ada, (_, client) =>
      room.mail.suppress(client, place.ada, 'Eve@example.org', 'unsubscribed'),
    );
    await room.enqueue({ template: 'kernel.notice', data: { title: 'News', text: 'x' } });
    await room.enqueue();
    await room.mail.settle();
    expect((await room.rows()).map(({ state }) => state)).toEqual(['suppressed', 'sent']); // kernel.notice, kernel.verify-email
  });

  test('mail that was asked for goes before mail that was not', async () => {
    for (let n = 0; n < 15; n++)
      await room.enqueue({ template: 'kernel.notice', data: { title: `News ${n}`, text: 'x' } });
    await room.enqueue();
    const order: string[] = [];
    behave.data = () => void order.push('');
    await room.mail.settle();
    const at = server.received.findIndex(({ headers }) => headers.get('subject')?.startsWith('Confirm'));
    expect(at).toBeLessThan(10);
  });
});

test('what was done long ago is forgotten, what still waits is not', async () => {
  await room.enqueue({ to: 'old@example.org' });
  await room.mail.settle();
  room.clock.advance('61d');
  behave.data = () => refusal(451, 'later');
  await room.enqueue({ to: 'new@example.org' });
  await room.mail.start?.();
  await expect.poll(async () => (await room.rows()).map(({ address }) => address)).toEqual(['new@example.org']);
});

const forget = (address: string) =>
  place.database.tenant(place.ada, (_, client) => room.mail.forget(client, place.ada, address));
const suppressed = async () => {
  const { rows } = await place.database.spanning((_, client) =>
    client.query<{ who: string }>("select address || ' ' || reason as who from kernel.mail_suppression order by 1"),
  );
  return rows.map(({ who }) => who);
};

test('a deleted account takes its mail with it, and what was noted against its address', async () => {
  await room.enqueue();
  await room.enqueue({ to: 'tom@example.org' });
  await place.database.tenant(place.ada, async (_, client) => {
    for (const reason of ['bounced', 'unsubscribed'] as const)
      await room.mail.suppress(client, place.ada, 'eve@example.org', reason);
    await room.mail.suppress(client, place.ada, 'kim@example.org', 'unsubscribed');
  });
  await place.database.tenant(place.bob, (_, client) =>
    room.mail.suppress(client, place.bob, 'eve@example.org', 'bounced'),
  );
  await forget('Eve@Example.org');
  await room.mail.settle();
  expect(server.received.map(({ to }) => to)).toEqual([['tom@example.org']]);
  expect(await suppressed()).toEqual(['eve@example.org bounced', 'kim@example.org unsubscribed']);
});

test('an address that is forgotten while a message to it bounces is not written down again', async () => {
  const asked = Promise.withResolvers<void>();
  const forgotten = Promise.withResolvers<void>();
  behave.rcpt = () => {
    asked.resolve();
    return forgotten.promise.then(() => refusal(550, '5.1.1 no such mailbox'));
  };
  await room.enqueue();
  const delivery = room.mail.settle();
  await asked.promise;
  await forget('eve@example.org');
  forgotten.resolve();
  await delivery;
  expect(await suppressed()).toEqual([]);
});

describe('the service', () => {
  const THANKS = {
    letters: {
      en: { subject: 'Thanks from {siteName}', body: ['Hello {displayName},', '{points} points!'], button: 'Look' },
    },
  };
  const send = async (input: Record<string, unknown>, caller = 'tip-jar'): Promise<unknown> => {
    const call = { tenant: { id: place.ada }, caller } as unknown as Call;
    const whole = { accountId: EVE, template: 'thanks', data: { points: 5, link: '/jars/1' }, ...input };
    return room.mail.provides?.find(({ service }) => service.id === Mail.id)?.handlers.send?.(call, whole as never);
  };
  let loaded: typeof THANKS | undefined;
  beforeEach(() => {
    loaded = THANKS;
    room = another({
      templateOf: async (_, plugin, name) => (`${plugin}.${name}` === 'tip-jar.thanks' ? loaded : undefined),
    });
  });

  test('writes to an account with a template of the plugin’s own', async () => {
    expect(await send({})).toEqual({ queued: true });
    await room.mail.settle();
    const [mail] = server.received;
    expect([mail?.to, mail?.headers.get('subject')]).toEqual([['eve@example.org'], 'Thanks from Ada TV']);
    expect(mail?.text).toContain('http://ada.localhost:8080/jars/1');
  });

  test('reaches nobody without an account, and once with a key', async () => {
    expect(await send({ accountId: newId() })).toEqual({ queued: false });
    expect([
      await send({ key: 'e1' }),
      await send({ key: 'e1' }),
      await send({ key: 'e1' }, 'other').catch(() => 'no template'),
    ]).toEqual([{ queued: true }, { queued: false }, 'no template']);
  });

  test('cannot use the kernel’s templates, pose as somebody or lead elsewhere', async () => {
    await expect(send({ template: 'verify-email' })).rejects.toThrow('no such mail template');
    for (const link of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:x',
      '/\t/evil.example',
    ]) {
      await expect(send({ data: { link } }), link).rejects.toThrow('its own site');
    }
    await send({ data: { points: 5, displayName: 'Your bank', siteName: 'Your bank' } });
    await room.mail.settle();
    expect(server.received[0]?.text).not.toContain('Your bank');
    expect(server.received[0]?.headers.get('subject')).toBe('Thanks from Ada TV');
  });

  test('ends with the plugin', async () => {
    loaded = undefined;
    await expect(send({})).rejects.toThrow('no such mail template');
  });
});

test('every letter says the same things in every language', () => {
  const values = (letter: unknown) => [...new Set(JSON.stringify(letter).match(/\{\w+\}/g) ?? [])].sort();
  for (const other of [es, pt, fr]) {
    expect(Object.keys(other)).toEqual(Object.keys(en));
    for (const name of Object.keys(en) as (keyof typeof en)[]) {
      expect(values(other[name]), name).toEqual(values(en[name]));
      expect(Object.keys(other[name])).toEqual(Object.keys(en[name]));
    }
  }
});
