// Reads all that children run, so that Node keeps what it makes of it. Nobody's code but ours is run.
import { flushCompileCache } from 'node:module';

await import('../python/guest.ts');
await import('../python/frame-player.ts');
await import('./drawing.ts');
await import('./watch-thread.ts').catch(() => {});
await import('./render.ts');
// It wants somebody to talk to, whom there is not.
await import('./main.ts').catch(() => {});
flushCompileCache();
process.exit(0);
