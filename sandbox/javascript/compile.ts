// What a creator wrote, made ready to run: TypeScript and imports resolved, with a map back to their own lines.
import { createHash } from 'node:crypto';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Message, type Plugin, transform } from 'esbuild';
import { explain, SOURCE_BYTES } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { CompilerEnded, compiling } from './compiler.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
  /** From 1, as editors count. */
  readonly column: number;
}

export interface Compiled {
  readonly program: Program;
  /** Of what was written. */
  readonly sha256: string;
  /** From a place in what is run to the place in what was written. */
  placeOf(line: number, column: number): Place | undefined;
}

export class CompileError extends Error {
  readonly place: Place | undefined;

  constructor(message: string, place?: Place) {
    super(message);
    this.place = place;
  }
}

/** What a program may import. */
const KNOWN: Readonly<Record<string, string>> = {
  '@plinth/sdk/effect': fileURLToPath(import.meta.resolve('@plinth/sdk/effect.ts')),
};

export async function compileJavaScript(file: string, source: string): Promise<Compiled> {
  if (Buffer.byteLength(source) > SOURCE_BYTES) throw new CompileError(explain.source());
  const module = await asModule(file, source);
  const { code, map: text } = module ?? (await asScript(file, source));
  // Most programs never ask where something was.
  let map: SourceMap | undefined;
  return {
    program: { language: 'javascript', kind: module ? 'module' : 'script', file, code },
    sha256: sourceHash(source),
    placeOf(line, column) {
      map ??= new SourceMap(JSON.parse(text));
      const entry = map.findEntry(line - 1, column - 1);
      if (!('originalLine' in entry) || entry.originalSource === undefined) return undefined;
      return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
    },
  };
}

export const sourceHash = (source: string): string => createHash('sha256').update(source).digest('hex');

interface Made {
  readonly code: string;
  readonly map: string;
}

/** If it exports, imports or waits: then its value is its default export, else its last expression. */
async function asModule(file: string, source: string): Promise<Made | undefined> {
  if (!/\b(?:export|import|await)\b/.test(source)) return undefined;
  const alone = await bundled(file, source, { external: ['*'] });
  const imports = Object.values(alone.metafile?.inputs ?? {}).flatMap((input) => input.imports);
  const { exports = [] } = Object.values(alone.metafile?.outputs ?? {}).find(({ entryPoint }) => entryPoint) ?? {};
  // Most import nothing, and the compiler need not ask us about it.
  const whole = imports.length === 0 ? alone : await bundled(file, source, { plugins: [onlyKnown] });
  const imported = imports.some(({ kind }) => kind === 'import-statement');
  if (!imported && exports.length === 0 && !(await waits(file, source))) return undefined;
  const text = (ending: string) => whole.outputFiles?.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { code: text('.js'), map: text('.map') };
}

/** Only a module may wait outside a function. */
const waits = (file: string, source: string): Promise<boolean> =>
  compiling(() => transform(source, { loader: loaderOf(file), format: 'cjs', logLevel: 'silent' })).then(
    () => false,
    () => true,
  );

/** The compiler would open the file that such a comment names, whichever it is, and tell of its content in an error. */
const withoutMaps = (source: string) => source.replaceAll(/[#@](\s*sourceMappingURL\s*=)/g, '-$1');

const loaderOf = (file: string) => (/\.[mc]?tsx?$/.test(file) ? 'ts' : 'js');

const SHARED = {
  target: 'esnext',
  platform: 'neutral',
  sourcemap: 'external',
  sourcesContent: false,
  tsconfigRaw: {},
  logLevel: 'silent',
  logLimit: 1,
} as const;

const bundled = (file: string, source: string, more: BuildOptions) =>
  explaining(() =>
    build({
      ...SHARED,
      stdin: { contents: withoutMaps(source), sourcefile: file, loader: loaderOf(file), resolveDir: '/' },
      absWorkingDir: '/',
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      outfile: 'guest.js',
      ...more,
    }),
  );

/** A script's value is its last expression, which nothing else needs. */
const asScript = (file: string, source: string): Promise<Made> =>
  explaining(() =>
    transform(withoutMaps(source), { ...SHARED, sourcefile: file, loader: loaderOf(file), treeShaking: false }),
  );

async function explaining<T>(compile: () => Promise<T>): Promise<T> {
  try {
    return await compiling(compile);
  } catch (failure) {
    if (failure instanceof CompilerEnded) throw new CompileError('It is nested too deeply to be read.');
    throw compileError((failure as { errors?: Message[] }).errors?.[0]);
  }
}

const onlyKnown: Plugin = {
  name: 'only-known',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
      if (kind === 'entry-point') return undefined;
      const known = Object.hasOwn(KNOWN, path) ? KNOWN[path] : undefined;
      if (known !== undefined) return { path: known };
      // Our own files find each other.
      if (importer.startsWith('/') && Object.values(KNOWN).some((file) => importer === file)) return undefined;
      return {
        errors: [{ text: `There is no "${path}" here: a program may import ${Object.keys(KNOWN).join(', ')}.` }],
      };
    });
  },
};

function compileError(message: Message | undefined): CompileError {
  const { text = 'It cannot be read.', location } = message ?? {};
  if (!location) return new CompileError(text);
  return new CompileError(text, { file: location.file, line: location.line, column: location.column + 1 });
}
