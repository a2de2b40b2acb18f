import { test } from 'vitest';
import { attack } from './hostile/attack.ts';
import { exhaustingPython } from './hostile/python-exhaustion.ts';

test.each(exhaustingPython)('$name costs nobody else anything', attack);
