import { type Compiled, CompileError, sourceHash } from '../javascript/compile.ts';
import { explain, SOURCE_BYTES } from '../limits.ts';

/** Python is read by Python itself, inside. */
export async function compilePython(file: string, source: string): Promise<Compiled> {
  if (Buffer.byteLength(source) > SOURCE_BYTES) throw new CompileError(explain.source());
  return {
    program: { language: 'python', kind: 'script', file, code: source },
    sha256: sourceHash(source),
    placeOf: (line, column) => ({ file, line, column }),
  };
}
