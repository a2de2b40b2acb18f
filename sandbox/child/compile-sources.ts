// Reads all that children run, so that Node keeps what it makes of it. Nobody's code but ours is run.
import { flushCompileCache } from 'node:module';

await import('../python/guest.ts');
await import('../python/frame-player.ts');
await import('./drawing.ts');
await import('./frame-watch-thread.ts').catch(() => {});
await import('./render.ts');
await import('./main.ts');
flushCompileCache();
process.exit(0);
