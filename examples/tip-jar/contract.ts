// What other plugins may use of the tip jar: a service to ask, an event to hear, a point to answer, a slot to fill.
import { event, point, service, slot } from '@plinth/sdk';
import { Type } from 'typebox';

/** How much a jar has been given. */
export const Tips = service('tip-jar@1', {
  total: {
    input: Type.Object({ jarId: Type.String() }),
    output: Type.Object({ points: Type.Integer() }),
  },
});

/** A tip is in the jar. Told by the ledger in the commit that moved the points. */
export const TipSent = event(
  'tip-jar.tip-sent@1',
  Type.Object({ tipId: Type.String(), jarId: Type.String(), fromId: Type.String(), points: Type.Integer() }),
);

/** The words that a giver is thanked with. Each answer gets the words so far. */
export const Thanks = point('tip-jar.thanks@1', {
  input: Type.Object({ jarTitle: Type.String(), points: Type.Integer(), text: Type.String() }),
  output: Type.Object({ jarTitle: Type.String(), points: Type.Integer(), text: Type.String() }),
  combine: 'pipe',
  budgetMs: 200,
  onError: 'skip',
});

/** Amounts a page offers beside the jar. */
export const Amounts = slot(
  'tip-jar.amounts@1',
  Type.Object({ points: Type.Integer({ minimum: 1 }), label: Type.String() }),
);
