// Whether results are signed, and with what.
import { renderErrors } from '../errors.ts';

export interface Signing {
  /** Files, as PEM: the certificates from the signer's own to the one below the authority's, and its key. */
  readonly certificate: string;
  readonly key: string;
  /** Where the library is, if not beside us. */
  readonly library?: string;
  readonly version?: string;
}

/** What the environment names; nothing, if it names nothing. */
export function signingFrom(env: Readonly<Record<string, string | undefined>>): Signing | undefined {
  const { PLINTH_C2PA_CERT: certificate, PLINTH_C2PA_KEY: key } = env;
  if (!certificate && !key) return undefined;
  if (!certificate || !key)
    throw renderErrors.bad_signer({ detail: `PLINTH_C2PA_${key ? 'CERT' : 'KEY'} is missing: set both, or none.` });
  return { certificate, key };
}
