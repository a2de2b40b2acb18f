/** A SET at the start of a statement: `set role x`, but not the `set` of an update, nor `set local`, nor plain English. */
const SET = /^\s*set\s+(?!local\b)(session\s+)?(role|time\s+zone|authorization|characteristics|[\w.]+\s*(=|to\s))/i;
const SET_CONFIG = /\bset_config\s*\([^()]*,\s*false\s*\)/i;

/** Line numbers of SQL that changes a setting for the whole session. */
export function sessionSets(source: string, isSql: boolean): number[] {
  return statements(source, isSql)
    .filter(({ text }) => SET.test(text) || SET_CONFIG.test(text))
    .map(({ start, text }) => source.slice(0, start + text.search(/\S/)).split('\n').length);
}

/** In TypeScript every string is taken for SQL: what begins with SET and is none is rare enough. */
function statements(source: string, isSql: boolean): { text: string; start: number }[] {
  const pieces = isSql ? [{ text: source.replaceAll(/--.*/g, blank), start: 0 }] : strings(source);
  return pieces.flatMap(({ text, start }) =>
    [...text.matchAll(/[^;]+/g)].map((statement) => ({ text: statement[0], start: start + statement.index })),
  );
}

function strings(source: string): { text: string; start: number }[] {
  const literals = source.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...literals].map((found) => ({ text: found[1] ?? found[2] ?? found[3] ?? '', start: found.index + 1 }));
}

const blank = (text: string) => ' '.repeat(text.length);
