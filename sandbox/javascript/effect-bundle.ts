// Our own part of an effect's isolate, as one script.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

let bundle: Promise<string> | undefined;

/** The code of `effect/inside.ts`; its value is its exports. */
export function effectBundle(): Promise<string> {
  bundle ??= build({
    entryPoints: [fileURLToPath(new URL('../effect/inside.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'inside',
    target: 'esnext',
    platform: 'neutral',
    logLevel: 'silent',
  }).then(({ outputFiles }) => `${outputFiles[0]?.text ?? ''};inside`);
  return bundle;
}
