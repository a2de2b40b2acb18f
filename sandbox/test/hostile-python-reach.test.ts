import { test } from 'vitest';
import { attacksIn } from './hostile/attack.ts';
import { reachingPython } from './hostile/python-reach.ts';

test.each(reachingPython)('$name finds nothing and breaks nothing', attacksIn('py'));
