// What a page asks its reader to do, in order: fenced blocks that name a file, and blocks of console.

export interface FileStep {
  readonly kind: 'file';
  readonly path: string;
  readonly text: string;
}

/** One command and what the page says it prints. `…` stands for anything. */
export interface CommandStep {
  readonly kind: 'command';
  readonly line: number;
  readonly command: string;
  readonly prints: readonly string[];
}

export type Step = FileStep | CommandStep;

/** Blocks of other languages, and code without a path, are there to be read. */
export function stepsOf(markdown: string): Step[] {
  const lines = markdown.split('\n');
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, language, path] = /^```(\w+) ?(\S*)$/.exec(lines[at] ?? '') ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    const inside = lines.slice(at + 1, end);
    if (language === 'console') steps.push(...commandsIn(inside, at + 2));
    else if (path) steps.push({ kind: 'file', path, text: `${inside.join('\n')}\n` });
    at = end;
  }
  return steps;
}

function commandsIn(lines: readonly string[], first: number): CommandStep[] {
  const steps: CommandStep[] = [];
  for (const [index, line] of lines.entries()) {
    const last = steps.pop();
    if (line.startsWith('$ ')) {
      if (last) steps.push(last);
      steps.push({ kind: 'command', line: first + index, command: line.slice(2), prints: [] });
    } else if (last) steps.push({ ...last, prints: [...last.prints, line] });
  }
  return steps;
}

/** The first line that was promised and is not there; nothing when all are, in their order. */
export function missingIn(output: string, prints: readonly string[]): string | undefined {
  let rest = output.split('\n');
  for (const promised of prints) {
    if (promised.trim() === '' || promised.trim() === '…') continue;
    const pattern = new RegExp(
      promised
        .trim()
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*'),
    );
    const found = rest.findIndex((line) => pattern.test(line));
    if (found === -1) return promised;
    rest = rest.slice(found + 1);
  }
  return undefined;
}
