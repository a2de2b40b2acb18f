// Finds the comments that stand above fields and methods in a declared type, so that a schema can be printed with them.
import { uncomment } from './declarations.ts';

/** A type as far as comments need it: its fields, or what it is made of. */
export interface Commented {
  readonly fields: ReadonlyMap<string, { readonly comment: string; readonly type: Commented }>;
  readonly parts: readonly Commented[];
}

/** Reads `export declare const X: Type.TObject<{ … }>` and the like. What it does not know it steps over. */
export function commentsIn(declaration: string): Commented {
  const text = declaration.slice(declaration.indexOf(':') + 1);
  let at = 0;

  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };

  function type(): Commented {
    skip(/\s*(?:readonly\s+)?/y);
    if (text[at] === '{') return object();
    if (text[at] === '[') return { fields: new Map(), parts: list(']') };
    skip(/"(?:[^"\\]|\\.)*"|import\("[^"]*"\)[\w.]*|[\w.\-&|$]+/y);
    return { fields: new Map(), parts: text[at] === '<' ? list('>') : [] };
  }

  function list(end: string): Commented[] {
    const parts: Commented[] = [];
    at += 1;
    while (at < text.length && text[at] !== end) {
      parts.push(type());
      // A suffix such as `[]` or a union of literals carries no comments.
      skip(/[^,<>[\]{}]*/y);
      if (text[at] === ',') at += 1;
      else if (text[at] !== end) at += 1;
    }
    at += 1;
    return parts;
  }

  function object(): Commented {
    const fields = new Map<string, { comment: string; type: Commented }>();
    at += 1;
    for (;;) {
      skip(/[\s;]*/y);
      const comment = skip(/\/\*\*[\s\S]*?\*\//y);
      skip(/\s*(?:readonly\s+)?/y);
      const name = skip(/[\w$]+\??|"[^"]*"\??/y).replace(/[?"]/g, '');
      if (name === '' || text[at] !== ':') break;
      at += 1;
      fields.set(name, { comment: uncomment(comment), type: type() });
      skip(/[^;}]*/y);
    }
    while (at < text.length && text[at] !== '}') at += 1;
    at += 1;
    return { fields, parts: [] };
  }

  return type();
}
