// `npm start`: installs what is needed, then `plinth up`. Runs on Node 20 with nothing installed.
import { ensureInstalled } from './setup/install.mjs';

ensureInstalled({ tools: false });
if (process.env.npm_lifecycle_event) stopWithNpm();
process.argv.splice(2, 0, 'up');
await import('../core/cli/plinth.mjs');

/** A killed npm passes nothing on; the server it was asked for should not outlive it. */
function stopWithNpm() {
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}
