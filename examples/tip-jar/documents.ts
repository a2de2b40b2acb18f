import { type Static, Type } from 'typebox';

export const Jar = Type.Object({
  ownerId: Type.String(),
  title: Type.String({ minLength: 1, maxLength: 80 }),
  open: Type.Boolean(),
});
export type Jar = Static<typeof Jar>;

/** Written as pending before the points move and settled by the event that comes with them: a crash between the two
 * is finished by the sweep, which posts again under the same key. */
export const TipRecord = Type.Object({
  jarId: Type.String(),
  fromId: Type.String(),
  points: Type.Integer({ minimum: 1 }),
  state: Type.Union([Type.Literal('pending'), Type.Literal('settled'), Type.Literal('refused')]),
  thanks: Type.Optional(Type.String()),
});
export type TipRecord = Static<typeof TipRecord>;
