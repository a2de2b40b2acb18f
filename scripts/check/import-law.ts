// Who may import whom.
import { dirname, join } from 'node:path';

export interface Import {
  specifier: string;
  /** `import type`: gone before the code runs. */
  typeOnly: boolean;
}

interface Room {
  /** The files the room holds; the first room that fits is a file's room. */
  holds: RegExp;
  /** What they may import. A `$1` stands for what `holds` captured: the plugin's own folder. */
  may: string[];
  /** What they may import types from. */
  mayType?: string[];
  /** Runs in browsers too. */
  noNode?: boolean;
}

const PAGE = ['sdk/index.ts', 'sdk/web/', 'sdk/client/'];
const PORTABLE = ['sandbox/effect/', 'sandbox/draw/', 'sandbox/colour/', 'sandbox/pixels/', 'sandbox/audio/'];

const law: Room[] = [
  { holds: /^sdk\//, may: ['sdk/'] },
  {
    holds: /^sandbox\/(effect|draw|colour|pixels|audio)\//,
    may: ['sdk/', ...PORTABLE, 'sandbox/limits.ts'],
    noNode: true,
  },
  { holds: /^sandbox\//, may: ['sdk/', 'sandbox/'] },
  { holds: /^core\//, may: ['sdk/', 'sandbox/', 'core/'] },
  {
    holds: /^((?:plugins|examples)\/[^/]+\/)web\//,
    may: [...PAGE.slice(1), '$1web/'],
    mayType: [...PAGE, '$1contract.ts'],
  },
  { holds: /^((?:plugins|examples)\/[^/]+\/)/, may: ['sdk/', '$1', 'plugins/*/contract.ts'] },
  { holds: /^studio\//, may: ['sdk/', 'studio/', ...PORTABLE, 'plugins/*/web/'] },
];

const TEST = /(^|\/)test\//;
/** The test bench, and the plugins that exist to be tried. */
const FOR_TESTS = ['core/testing/', 'examples/'];

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const CALL = /\bimport\(\s*'([^']+)'\s*\)/g;

export function importsOf(source: string): Import[] {
  const statements = [...source.matchAll(STATEMENT)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: Boolean(type),
  }));
  const calls = [...source.matchAll(CALL)].map(([, specifier = '']) => ({ specifier, typeOnly: false }));
  return [...statements, ...calls];
}

/** One sentence for each import of a file that its room does not allow. */
export function unlawful(file: string, imports: Import[]): string[] {
  const room = law.find(({ holds }) => holds.test(file));
  if (!room) return [];
  const own = room.holds.exec(file)?.[1] ?? '';
  const allowed = (type: boolean) =>
    [...room.may, ...(type ? (room.mayType ?? []) : []), ...(TEST.test(file) ? FOR_TESTS : [])].map((path) =>
      path.replace('$1', own),
    );
  return imports.flatMap(({ specifier, typeOnly }) => {
    if (room.noNode && specifier.startsWith('node:')) return [`imports ${specifier}, and must run in browsers too`];
    const target = resolve(file, specifier);
    if (target === undefined || allowed(typeOnly).some((path) => fits(target, path))) return [];
    return [`may not import ${target}, only ${allowed(typeOnly).join(', ')}`];
  });
}

/** A path from the project root, or nothing for a package of somebody else. */
function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(file), specifier);
  const [, name = '', path = 'index.ts'] = /^@plinth\/([^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (name === '') return undefined;
  return ['sdk', 'sandbox', 'core', 'studio'].includes(name) ? join(name, path) : join('plugins', name, path);
}

function fits(target: string, pattern: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern.endsWith('/') ? `${target}/`.startsWith(pattern) : target === pattern;
  const rest = target.startsWith(before) ? target.slice(before.length).replace(/^[^/]+/, '') : '';
  return after.endsWith('/') ? rest.startsWith(after) : rest === after;
}
