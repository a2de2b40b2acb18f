import { test } from 'vitest';
import { attacksIn } from './hostile/attack.ts';
import { hostileJavaScript } from './hostile/javascript.ts';

test.each(hostileJavaScript)('$name finds nothing and breaks nothing', attacksIn('js'));
