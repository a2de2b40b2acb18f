// What the compiler says of our sources: declarations with their comments, as text.
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Declaration {
  readonly name: string;
  /** The TSDoc above it, without its stars. */
  readonly comment: string;
  /** The declaration itself; comments inside it are kept. */
  readonly text: string;
}

/** File (from `folder`, without its ending) → what it exports, in its order. */
export function declarationsOf(root: string, folder: string, files: readonly string[]): Map<string, Declaration[]> {
  const out = mkdtempSync(join(tmpdir(), 'plinth-reference-'));
  try {
    const config = join(out, 'tsconfig.json');
    const compilerOptions = {
      ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: out, rootDir: join(root, folder) },
      typeRoots: [join(root, 'node_modules/@types')],
    };
    const include = files.map((file) => join(root, folder, file));
    writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include }));
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: ['ignore', 'inherit', 'inherit'] });
    return new Map(
      globSync('**/*.d.ts', { cwd: out })
        .sort()
        .map((file) => [file.slice(0, -'.d.ts'.length), split(readFileSync(join(out, file), 'utf8'))]),
    );
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** Everything nested is indented, so a statement begins where a line does. */
function split(source: string): Declaration[] {
  const pieces = source.split(/^(?=\/\*\*|export |type |interface |declare |import )/m);
  const found: Declaration[] = [];
  let comment = '';
  for (const piece of pieces) {
    if (piece.startsWith('/**')) {
      comment = uncomment(piece);
      continue;
    }
    const name = /^export (?:declare )?(?:const|function|class|interface|type) (\w+)/.exec(piece)?.[1];
    if (name !== undefined) found.push({ name, comment, text: piece.trimEnd().replaceAll('    ', '  ') });
    comment = '';
  }
  return found;
}

export function uncomment(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*\s?|\s*\*\/\s*$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();
}
