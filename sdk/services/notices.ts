import { type Static, Type } from 'typebox';
import { service } from '../define/service.ts';
import { slot } from '../define/slot.ts';

const Line = Type.String({ maxLength: 300 });
/** A line in each language; a missing language falls back to English. `{name}` stands for a value of the notice's data. */
const Words = Type.Object({ en: Line, es: Type.Optional(Line), pt: Type.Optional(Line), fr: Type.Optional(Line) });

export const NoticeChannel = Type.Union([Type.Literal('page'), Type.Literal('push'), Type.Literal('mail')]);
export type NoticeChannel = Static<typeof NoticeChannel>;

/** A kind of notice that a plugin sends, and that people can switch on and off. */
export const NoticeKind = Type.Object({
  /** What it is about, on the page of preferences: "Somebody tips you". */
  label: Words,
  title: Words,
  text: Words,
  /** Where it goes if the person said nothing: `page` and `push` when absent. */
  channels: Type.Optional(Type.Array(NoticeChannel)),
  /** Comes through in quiet hours too. */
  urgent: Type.Optional(Type.Boolean()),
});
export type NoticeKind = Static<typeof NoticeKind>;

/** @example plugin.fill(NoticeKinds, 'tipped', { label: { en: 'Tips' }, title: { en: '{points} points' }, text: { en: 'From {from}.' } }) */
export const NoticeKinds = slot('notices.kinds@1', NoticeKind);

/** Tells people something: in the page, by push and by mail, as each of them wants it. */
export const Notices = service('notices@1', {
  notify: {
    capability: 'notices:send',
    input: Type.Object({
      accountIds: Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 100 }),
      /** One of the plugin's own kinds, by the id it was filled with. */
      kind: Type.String({ maxLength: 80 }),
      data: Type.Record(Type.String(), Type.Union([Type.String({ maxLength: 500 }), Type.Number()])),
      /** A path on the tenant's own site. */
      link: Type.Optional(Type.String({ maxLength: 500 })),
      /** A second call with the same key tells nobody twice: give it the event's id in a consumer. */
      key: Type.Optional(Type.String({ maxLength: 120 })),
    }),
    output: Type.Object({ told: Type.Integer() }),
  },
});
