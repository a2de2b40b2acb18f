// `npm start`: installs what is needed, then `plinth up`. Runs on Node 20 with nothing installed.
import { ensureInstalled } from './setup/install.mjs';

ensureInstalled({ tools: false });
process.argv.splice(2, 0, 'up');
await import('../core/cli/plinth.mjs');
