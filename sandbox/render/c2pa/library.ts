// The library that writes and reads C2PA manifests. It is 48 MB of native code that most places have no use for, so it is
// used where it is installed, and named where it is missing.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderErrors } from '../errors.ts';

const LIBRARY = '@contentauth/c2pa-node';

/** What of it is used here: typed by ourselves, as it is not there when types are checked. */
export interface C2paLibrary {
  readonly Builder: {
    withJson(manifest: object, settings?: object): Builder;
  };
  readonly Reader: {
    /** Nothing where a file has no manifest. */
    fromAsset(asset: Asset, settings?: object): Promise<{ json(): ManifestStore } | null>;
  };
}

export interface Asset {
  readonly path: string;
  readonly mimeType: string;
}

interface Builder {
  /** Asks us to sign: the key never leaves our side. */
  signConfigAsync(
    sign: (data: Buffer) => Promise<Buffer>,
    how: {
      readonly alg: string;
      /** As PEM, its own first. */
      readonly certs: readonly Buffer[];
      readonly reserveSize: number;
      readonly directCoseHandling: false;
    },
    from: Asset,
    to: Asset,
  ): Promise<Buffer>;
}

export interface ManifestStore {
  readonly active_manifest?: string;
  readonly manifests?: Readonly<Record<string, Manifest>>;
  readonly validation_state?: 'Invalid' | 'Valid' | 'Trusted';
  readonly validation_status?: readonly { readonly code: string }[];
}

export interface Manifest {
  readonly assertions?: readonly { readonly label: string; readonly data: unknown }[];
  readonly signature_info?: { readonly issuer?: string; readonly common_name?: string; readonly time?: string };
}

/** `from`: a directory with the library in its `node_modules`; ours, if absent. */
export async function c2paLibrary(from: string = import.meta.dirname): Promise<C2paLibrary> {
  try {
    const file = createRequire(join(from, '_')).resolve(LIBRARY);
    return (await import(pathToFileURL(file).href)) as C2paLibrary;
  } catch (cause) {
    throw renderErrors.no_c2pa({ cause });
  }
}
