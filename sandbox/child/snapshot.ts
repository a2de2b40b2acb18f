// Starts Python anew behind the wall, and writes what its memory holds then to the standard output.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packed } from '../python/bytes.ts';
import { Interpreter } from '../python/interpreter.ts';

/** Imported once, for all who may want them. */
const MODULES = [
  ...['array', 'ast', 'asyncio', 'bisect', 'collections', 'colorsys', 'copy', 'dataclasses', 'datetime', 'decimal'],
  ...['enum', 'fractions', 'functools', 'heapq', 'inspect', 'io', 'itertools', 'json', 'math', 'operator', 'random'],
  ...['re', 'statistics', 'string', 'struct', 'textwrap', 'time', 'traceback', 'typing'],
];

const lib = fileURLToPath(new URL('../python/lib/', import.meta.url));
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py'));
const texts = files.sort().map((name) => [name, readFileSync(join(lib, name), 'utf8')] as const);
const snapshot = await Interpreter.snapshot(MODULES, texts);
// An isolate whose process ends by itself may fault at the end.
process.stdout.write(packed(snapshot), () => process.kill(process.pid, 'SIGKILL'));
