import { test } from 'vitest';
import { attacksIn } from './hostile/attack.ts';
import { insideJavaScript } from './hostile/javascript-inside.ts';

test.each(insideJavaScript)('$name finds nothing and breaks nothing', attacksIn('js'));
