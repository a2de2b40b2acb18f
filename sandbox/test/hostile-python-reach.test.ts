import { test } from 'vitest';
import { attack } from './hostile/attack.ts';
import { reachingPython } from './hostile/python-reach.ts';

test.each(reachingPython)('$name finds nothing and breaks nothing', attack);
