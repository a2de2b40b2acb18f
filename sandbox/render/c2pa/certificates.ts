// Certificates to try signing with: an authority of this machine's own, and a signer below it. Nobody else trusts them.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  id_kp_emailProtection,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

export interface CertificateFiles {
  /** What signs, for the settings PLINTH_C2PA_CERT and PLINTH_C2PA_KEY. */
  readonly certificate: string;
  readonly key: string;
  /** Whom those who check are to trust. Its own key is kept nowhere. */
  readonly authority: string;
}

/** @example const { certificate, key } = await writeCertificates('.plinth/c2pa'); */
export async function writeCertificates(directory: string): Promise<CertificateFiles> {
  const [authority, signer] = [keyPair(), keyPair()];
  const root = certificate({ name: 'Plinth development authority', days: 3_650, of: authority, by: authority });
  const leaf = certificate({ name: 'Plinth development signer', days: 365, of: signer, by: authority });
  const files = {
    certificate: join(directory, 'certificate.pem'),
    key: join(directory, 'key.pem'),
    authority: join(directory, 'authority.pem'),
  };
  await mkdir(directory, { recursive: true });
  // What is there is somebody's: a key that is written over signs nothing any more.
  const fresh = { flag: 'wx', mode: 0o600 } as const;
  await writeFile(files.key, signer.privateKey.export({ type: 'pkcs8', format: 'pem' }), fresh);
  await writeFile(files.certificate, `${leaf}${root}`, fresh);
  await writeFile(files.authority, root, fresh);
  return files;
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

const keyPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

interface Asked {
  readonly name: string;
  readonly days: number;
  readonly of: Pair;
  readonly by: Pair;
}

function certificate({ name, days, of, by }: Asked): string {
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const begins = new Date(Date.now() - DAY_MS);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: named('Plinth development authority'),
    validity: new Validity({ notBefore: begins, notAfter: new Date(begins.getTime() + days * DAY_MS) }),
    subject: named(name),
    subjectPublicKeyInfo: AsnConvert.parse(spki(of), SubjectPublicKeyInfo),
    extensions: new Extensions(of === by ? ofAuthority(of) : ofSigner(of, by)),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), by.privateKey);
  const signatureValue = new Uint8Array(signature).buffer;
  const der = AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue }));
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANISATION = '2.5.4.10';

function named(commonName: string): Name {
  const part = (type: string, utf8String: string) =>
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]);
  return new Name([part(ORGANISATION, 'Plinth'), part(COMMON_NAME, commonName)]);
}

/** Positive: its first bit is not set, and its first byte not zero. */
function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
}

const spki = ({ publicKey }: Pair): Buffer => publicKey.export({ type: 'spki', format: 'der' });
const keyId = (pair: Pair): Buffer => createHash('sha256').update(spki(pair)).digest().subarray(0, 20);

function ofAuthority(of: Pair): Extension[] {
  return [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(of))),
  ];
}

/** C2PA asks for one purpose, and takes this one. */
function ofSigner(of: Pair, by: Pair): Extension[] {
  return [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_emailProtection])),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(of))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId(by)) }),
    ),
  ];
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}
