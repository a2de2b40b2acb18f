// Reads what a signed file says of itself, and whether that can be believed.
import type { Provenance } from '../provenance.ts';
import { provenanceFrom } from '../provenance.ts';
import { type Asset, type C2paLibrary, c2paLibrary, type Manifest } from './library.ts';
import { PROVENANCE_ASSERTION } from './manifest.ts';

export interface Credentials {
  /** `trusted`: signed below one of the authorities given, and unchanged since. `valid`: unchanged, by whomever. */
  readonly state: 'trusted' | 'valid' | 'changed';
  /** What is wrong with it, in C2PA's words. */
  readonly problems: readonly string[];
  readonly signer?: string;
  readonly provenance?: Provenance;
}

const STATES = { Trusted: 'trusted', Valid: 'valid', Invalid: 'changed' } as const;

/** Nothing, where a file has none. `authorities`: as PEM. Only for files that we made: it runs no jail. */
export async function readCredentials(
  asset: Asset,
  options: { readonly authorities?: string; readonly library?: string } = {},
): Promise<Credentials | undefined> {
  const { Reader }: C2paLibrary = await c2paLibrary(options.library);
  const trust = options.authorities ? { trust: { trust_anchors: options.authorities } } : {};
  const reader = await Reader.fromAsset(asset, { ...trust, verify: { verify_trust: true } });
  if (!reader) return undefined;
  const { validation_state, validation_status = [], manifests = {}, active_manifest = '' } = reader.json();
  const manifest = manifests[active_manifest];
  const signer = manifest?.signature_info?.common_name;
  const provenance = manifest && provenanceIn(manifest);
  return {
    state: STATES[validation_state ?? 'Invalid'],
    problems: validation_status.map(({ code }) => code),
    ...(signer === undefined ? {} : { signer }),
    ...(provenance ? { provenance } : {}),
  };
}

function provenanceIn({ assertions = [] }: Manifest): Provenance | undefined {
  const data = assertions.find(({ label }) => label === PROVENANCE_ASSERTION)?.data as { json?: string } | undefined;
  return provenanceFrom(data?.json);
}
