// What a creator wrote, made ready to run: TypeScript and imports resolved, with a map back to their own lines.
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Message, type Plugin } from 'esbuild';
import { explain, SOURCE_BYTES } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
  /** From 1, as editors count. */
  readonly column: number;
}

export interface Compiled {
  readonly program: Program;
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
  const isModule = /^\s*(?:import|export)\b|^\s*await\b/m.test(source) || /\bimport\.meta\b/.test(source);
  const found = await build({
    stdin: { contents: source, sourcefile: file, loader: /\.tsx?$|\.mts$/.test(file) ? 'ts' : 'js', resolveDir: '/' },
    absWorkingDir: '/',
    bundle: isModule,
    write: false,
    format: isModule ? 'esm' : undefined,
    target: 'esnext',
    platform: 'neutral',
    sourcemap: 'external',
    sourcesContent: false,
    // A script's value is its last expression, which nothing else needs.
    treeShaking: isModule,
    outfile: 'guest.js',
    logLevel: 'silent',
    logLimit: 1,
    plugins: [onlyKnown],
  } as Parameters<typeof build>[0]).catch((failure: { errors?: Message[] }) => {
    throw compileError(failure.errors?.[0]);
  });
  const text = (ending: string) => found.outputFiles?.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const map = new SourceMap(JSON.parse(text('.map')));
  return {
    program: { language: 'javascript', kind: isModule ? 'module' : 'script', file, code: text('.js') },
    placeOf(line, column) {
      const entry = map.findEntry(line - 1, column - 1);
      if (!('originalLine' in entry) || entry.originalSource === undefined) return undefined;
      return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
    },
  };
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
