import { test } from 'vitest';
import { attacksIn } from './hostile/attack.ts';
import { insidePython } from './hostile/python-inside.ts';

test.each(insidePython)('$name finds nothing and breaks nothing', attacksIn('py'));
