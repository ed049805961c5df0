import { verify } from 'node:crypto';
import { InvalidPassportError } from '../errors/index.js';
import type { CompactJws } from './compact-jws.js';
import type { SigningKey } from './signing-key.js';

/**
 * Checks the signature of a passport: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). Done by `node:crypto` in one
 * step: its thread pool, like WebCrypto, costs more than the check itself when one passport comes at a time.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`
 */
export function assertSigned({ signed, signature }: CompactJws, { key }: SigningKey): void {
  if (verify('sha256', Buffer.from(signed, 'latin1'), key, signature)) return;
  throw new InvalidPassportError(
    'PASSPORT_SIGNATURE',
    'the signature of the passport does not match',
  );
}
