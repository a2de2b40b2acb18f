import { test } from 'vitest';
import { attacksIn } from './hostile/attack.ts';
import { exhaustingPython } from './hostile/python-exhaustion.ts';

test.each(exhaustingPython)('$name costs nobody else anything', attacksIn('py'));
