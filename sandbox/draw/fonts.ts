// The four families that every effect can count on, the same files in the browser and in a render. Each family comes in
// pieces by script; the pieces are families of their own, so that both sides fall back from one to the next alike.
import type { FontName } from '@plinth/sdk/effect.ts';

export type Weight = 400 | 700;
export const FONT_NAMES: readonly FontName[] = ['Sans', 'Serif', 'Mono', 'Display'];
export const WEIGHTS: readonly Weight[] = [400, 700];

const SCRIPTS = ['latin', 'latin-ext', 'cyrillic', 'cyrillic-ext', 'vietnamese'];
const PACKAGES: Readonly<Record<FontName, { readonly name: string; readonly scripts: readonly string[] }>> = {
  Sans: { name: 'inter', scripts: [...SCRIPTS, 'greek', 'greek-ext'] },
  Serif: { name: 'source-serif-4', scripts: [...SCRIPTS, 'greek'] },
  Mono: { name: 'jetbrains-mono', scripts: [...SCRIPTS, 'greek'] },
  Display: { name: 'oswald', scripts: SCRIPTS },
};

export interface FontFile {
  readonly font: FontName;
  readonly weight: Weight;
  /** The name under which the file is to be registered, as a family of its own. */
  readonly family: string;
  /** Where it is, as an import would say it. */
  readonly file: string;
}

/** What to register before anything is drawn, in the order in which a missing character is looked for. */
export const FONT_FILES: readonly FontFile[] = FONT_NAMES.flatMap((font) =>
  PACKAGES[font].scripts.flatMap((script) =>
    WEIGHTS.map((weight) => ({ font, weight, family: familyOf(font, script), file: fileOf(font, script, weight) })),
  ),
);

function familyOf(font: FontName, script: string): string {
  return `Plinth ${font} ${script}`;
}

function fileOf(font: FontName, script: string, weight: Weight): string {
  const { name } = PACKAGES[font];
  return `@fontsource/${name}/files/${name}-${script}-${weight}-normal.woff2`;
}

/** Registered for what all four lack, in the order in which a character is looked for. */
let fallbacks: readonly string[] = [];

/** What a family lacks, Sans may have; then the fallbacks, then whatever the system has. */
const stackOf = (font: FontName): string => {
  const own = PACKAGES[font].scripts.map((script) => familyOf(font, script));
  const rest = font === 'Sans' ? [] : PACKAGES.Sans.scripts.map((script) => familyOf('Sans', script));
  return [...[...own, ...rest, ...fallbacks].map((family) => `"${family}"`), 'sans-serif'].join(', ');
};
const stacks = () => Object.fromEntries(FONT_NAMES.map((font) => [font, stackOf(font)]));
let STACKS = stacks();

/** From here on, texts may have characters of these families: pieces of `FALLBACK_FONTS`, in their order. */
export function fallBackTo(families: readonly string[]): void {
  fallbacks = families;
  STACKS = stacks();
}

/** The font as a 2D context takes it. */
export function cssFont(font: string, size: number, weight: number, italic: boolean): string {
  return `${italic ? 'italic ' : ''}${weight} ${size}px ${STACKS[font] ?? STACKS.Sans}`;
}
