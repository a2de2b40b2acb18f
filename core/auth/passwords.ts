import { hash, verify } from '@node-rs/argon2';
import { errors as kernel } from '../errors.ts';
import { commonPasswords } from './common-passwords.ts';
import { errors } from './errors.ts';
import { randomToken } from './tokens.ts';

const SHORTEST = 10;
const LONGEST = 256;
/** Each takes 19 MiB and a thread of the pool of four that files and name look-ups need too. */
const AT_ONCE = 2;
const MOST_WAITING = 100;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long without a hash as with one. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
}

/** argon2id at the OWASP parameters, which are the library's defaults. */
export function createPasswords(): Passwords {
  const turn = turns();
  // Made on first use: what is compared to when there is nothing to compare to.
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => turn(() => hash(normal(password))),
    async matches(password, known) {
      nobody ??= hash(randomToken());
      const compared = known ?? (await nobody);
      const right = await turn(() => verify(compared, normal(password)));
      return right && known !== undefined;
    },
  };
}

/** NIST 800-63B: length and the commonest, no rules about kinds of characters. */
export function checkPassword(password: string, email: string): void {
  const length = [...password].length;
  if (length < SHORTEST || password.length > LONGEST) {
    throw errors.weak_password({ detail: `It has ${length} characters; ${SHORTEST} to ${LONGEST} are allowed.` });
  }
  const plain = normal(password).toLowerCase();
  if (plain === email || plain === email.split('@')[0]) throw errors.weak_password({ detail: 'It is the e-mail.' });
  if (commonPasswords.has(plain)) throw errors.weak_password({ detail: 'It is one of the commonest passwords.' });
}

/** The same characters typed on another keyboard are the same password. */
function normal(password: string): string {
  return password.normalize('NFKC');
}

/** A flood of sign-ins waits here, not in the thread pool. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (waiting.length >= MOST_WAITING) throw kernel.unavailable({ detail: 'Too many people are signing in at once.' });
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place is handed on, so nobody can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
