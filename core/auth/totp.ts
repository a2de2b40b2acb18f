// A second factor: codes of a generator on a phone (RFC 6238), and recovery codes for when it is lost.
import { createHmac, randomBytes } from 'node:crypto';
import type { Desk } from './desk.ts';
import { errors } from './errors.ts';

const STEP_MS = 30_000;
const RECOVERY_CODES = 10;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The six digits of one half minute. @example codeAt(secret, Math.floor(Date.now() / 30_000)) */
export function codeAt(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac.readUInt8(19) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function base32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** Makes a generator for the account that asks. It counts once a code of it was given back. */
export async function offerTotp(desk: Desk, email: string, site: string): Promise<{ secret: string; uri: string }> {
  const secret = randomBytes(20);
  const made = await desk.run(
    `insert into kernel.totp as t (tenant_id, account_id, sealed) values ($1, $2, $3)
     on conflict (tenant_id, account_id) do update set sealed = excluded.sealed where t.confirmed_at is null`,
    ...[desk.me, desk.parts.box.seal(contextOf(desk, desk.me), secret)],
  );
  if (made === 0) throw errors.totp_on();
  const label = `${encodeURIComponent(site)}:${encodeURIComponent(email)}`;
  const uri = `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(site)}`;
  return { secret: base32(secret), uri };
}

/** Switches the second factor on, and hands out the recovery codes, this once. */
export async function confirmTotp(desk: Desk, code: string): Promise<string[]> {
  const { me } = desk;
  if (!(await spendCode(desk, me, code, false))) throw errors.wrong_code();
  await desk.run('update kernel.totp set confirmed_at = $3 where tenant_id = $1 and account_id = $2', me, desk.now);
  const codes = Array.from({ length: RECOVERY_CODES }, () => base32(randomBytes(10)).replace(/.{4}(?!$)/g, '$&-'));
  for (const recovery of codes) {
    await desk.run('insert into kernel.recovery_code values ($1, $2, $3)', me, macOf(desk, me, recovery));
  }
  return codes;
}

export async function removeTotp(desk: Desk, accountId: string): Promise<void> {
  await desk.run('delete from kernel.totp where tenant_id = $1 and account_id = $2', accountId);
  await desk.run('delete from kernel.recovery_code where tenant_id = $1 and account_id = $2', accountId);
}

export async function hasTotp(desk: Desk, accountId: string): Promise<boolean> {
  const sql = 'select from kernel.totp where tenant_id = $1 and account_id = $2 and confirmed_at is not null';
  return (await desk.run(sql, accountId)) > 0;
}

/** Throws unless the account has no second factor, or the code is one of it. No code works twice. */
export async function demandSecondFactor(desk: Desk, accountId: string, code: string | undefined): Promise<void> {
  if (!(await hasTotp(desk, accountId))) return;
  if (code === undefined) throw errors.second_factor_required();
  if (/^\d{6}$/.test(code)) {
    if (await spendCode(desk, accountId, code, true)) return;
  } else {
    const sql = 'delete from kernel.recovery_code where tenant_id = $1 and account_id = $2 and mac = $3';
    if ((await desk.run(sql, accountId, macOf(desk, accountId, code))) > 0) return;
  }
  throw errors.wrong_code();
}

/** A phone's clock may be half a minute off, either way. */
async function spendCode(desk: Desk, accountId: string, code: string, confirmed: boolean): Promise<boolean> {
  const row = await desk.one<{ sealed: Buffer }>(
    'select sealed from kernel.totp where tenant_id = $1 and account_id = $2 and (confirmed_at is not null) = $3',
    ...[accountId, confirmed],
  );
  if (!row) return false;
  const secret = desk.parts.box.open(contextOf(desk, accountId), row.sealed);
  const current = Math.floor(desk.now.getTime() / STEP_MS);
  const step = [current, current - 1, current + 1].find((each) => codeAt(secret, each) === code);
  const sql = 'update kernel.totp set last_step = $3 where tenant_id = $1 and account_id = $2 and last_step < $3';
  return step !== undefined && (await desk.run(sql, accountId, step)) > 0;
}

const contextOf = (desk: Desk, accountId: string) => `totp ${desk.tenantId} ${accountId}`;

/** However it is typed. */
function macOf(desk: Desk, accountId: string, recoveryCode: string): Buffer {
  const code = recoveryCode.toUpperCase().replace(/[^A-Z2-7]/g, '');
  return desk.parts.box.derive('recovery', desk.tenantId, accountId, code);
}
