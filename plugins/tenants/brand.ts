// How a site looks: a few tokens that every page is drawn with, and the one rule that they must keep.
import { type Static, Type } from 'typebox';
import { contrast, legibleText, nearestLegible, type Text } from './contrast.ts';
import { errors } from './errors.ts';

const Colour = Type.String({ pattern: '^#[0-9a-f]{6}$', description: 'Six lower-case hexadecimal digits.' });
const TextColour = Type.Union([Type.Literal('white'), Type.Literal('black')]);

const tokens = {
  brand: Colour,
  accent: Colour,
  logoId: Type.Optional(Type.String({ format: 'uuid', description: 'A stored object.' })),
  radius: Type.Integer({ minimum: 0, maximum: 32, default: 8, description: 'Of corners, in pixels.' }),
  scheme: Type.Union([Type.Literal('light'), Type.Literal('dark'), Type.Literal('auto')], { default: 'auto' }),
};

export const Brand = Type.Object({ ...tokens, onBrand: TextColour, onAccent: TextColour });
export type Brand = Static<typeof Brand>;

/** As it is given: text colours that are left out are chosen. */
export const BrandChange = Type.Object({
  ...tokens,
  onBrand: Type.Optional(TextColour),
  onAccent: Type.Optional(TextColour),
});
export type BrandChange = Static<typeof BrandChange>;

export const DEFAULT_BRAND: Brand = {
  brand: '#1d4ed8',
  onBrand: 'white',
  accent: '#be185d',
  onAccent: 'white',
  radius: 8,
  scheme: 'auto',
};

/** What small text needs (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;

/** Fills in the text colours, and refuses a pair that could not be read. */
export function legibleBrand(change: BrandChange): Brand {
  const { onBrand = legibleText(change.brand), onAccent = legibleText(change.accent) } = change;
  mustBeLegible('brand', change.brand, onBrand);
  mustBeLegible('accent', change.accent, onAccent);
  return { ...change, onBrand, onAccent };
}

function mustBeLegible(token: 'brand' | 'accent', colour: string, text: Text): void {
  const ratio = contrast(colour, text);
  if (ratio >= LEAST_CONTRAST) return;
  const suggestion = nearestLegible(colour, text, LEAST_CONTRAST);
  throw errors.low_contrast({
    detail: `${text} on the ${token} colour ${colour} has a contrast of ${ratio.toFixed(2)}; ${LEAST_CONTRAST} is needed.`,
    fix: `Take ${legibleText(colour)} text, or the colour ${suggestion}.`,
    token,
    suggestion,
  });
}
