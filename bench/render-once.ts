// Renders one of the benches' effects, in a process of its own: `node render-once.ts CLIP OUTPUT FILE`.
import { render } from '../sandbox/render/pipeline.ts';
import { compile } from '../sandbox/supervisor/compile.ts';
import { EFFECTS } from './render-effects.ts';

const [, , input = '', output = '', file] = process.argv;
const source = Object.values(EFFECTS).find((effect) => effect.file === file);
if (!source) throw new Error(`There is no effect "${file}".`);
await render({ input, output, effects: [{ compiled: await compile(source.file, source.text) }], threads: 2 });
process.exit(0);
