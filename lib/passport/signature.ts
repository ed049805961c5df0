import { verify } from 'node:crypto';
import { InvalidPassportError } from '../errors/index.js';
import type { SigningKey } from './signing-key.js';

/**
 * Checks the signature of a passport: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3) over the first two parts as
 * they stand (RFC 7515 section 5.2). Done by `node:crypto` in one step: its thread pool, like WebCrypto, costs more than
 * the check itself when one passport comes at a time.
 * @param token in compact form, canonically written.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`
 */
export function assertSigned(token: string, { key }: SigningKey): void {
  const end = token.lastIndexOf('.');
  const signed = Buffer.from(token.slice(0, end), 'latin1');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (verify('sha256', signed, key, signature)) return;
  throw new InvalidPassportError(
    'PASSPORT_SIGNATURE',
    'the signature of the passport does not match',
  );
}
