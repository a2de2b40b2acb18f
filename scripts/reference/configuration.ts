// docs/reference/configuration.md, from the table that the kernel reads its environment by.
import { SETTINGS, type Setting } from '../../core/config.ts';

export function configurationReference(): string {
  const rows = Object.entries<Setting>(SETTINGS).map(
    ([name, { about, fallback, secret }]) =>
      `| \`${name}\` | ${about.replaceAll('<', '&lt;')} | ${fallback === undefined ? '' : `\`${fallback}\``} | ${secret ? 'yes' : ''} |`,
  );
  return `${INTRODUCTION}\n\n| variable | what it says | when absent | secret |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `# Configuration

Everything that can be set from outside is a variable of the environment. All of them have a default that works on a bare
machine. A value that does not fit is refused at the start with a sentence that says so, and so is a \`PLINTH_\` variable
that is not in this table. This page is made from \`core/config.ts\` by \`node scripts/reference.ts --write\`.

Where plugins lie is said in \`plinth.config.json\`; see [how to configure](../how-to/configure.md).`;
