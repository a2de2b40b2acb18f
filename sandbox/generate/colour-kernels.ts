// Compiles colour/kernels to WebAssembly and writes it down as text, colour/kernels-wasm.ts: who uses it
// needs neither a compiler nor a way to read files.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../colour/', import.meta.url));
/** No allocator, no tables, nothing of its own in memory: it works where it is told to. */
const OPTIONS = [
  ...[
    '--baseDir',
    root,
    '--outFile',
    'kernels.wasm',
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--disableWarning',
    '112',
  ],
  ...[
    '--enable',
    'simd,threads',
    '--importMemory',
    '--sharedMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
  ],
];

/** The module's source, the same for the same kernels. */
export async function colourKernels(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await main(['kernels/index.ts', ...OPTIONS], {
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') wasm = contents;
    },
  });
  if (error || !wasm) throw new Error(`The kernels do not compile.\n${stderr.toString()}`);
  const base64 = Buffer.from(wasm).toString('base64');
  return [
    '// Written by generate/colour-kernels.ts from kernels/*.ts; its test says when it is out of date.',
    '',
    `export const KERNELS =\n  '${base64}';`,
    '',
  ].join('\n');
}

if (process.argv.includes('--write')) writeFileSync(`${root}kernels-wasm.ts`, await colourKernels());
