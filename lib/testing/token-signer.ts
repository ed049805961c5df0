import { KeyObject, constants, createHmac, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { CryptoKey } from 'jose';
import { SandboxError } from './sandbox-error.js';

/** A private key, or the secret of an HMAC. */
export type SandboxSigningKey = KeyObject | CryptoKey | Uint8Array;

const signAsync = promisify(sign);

/**
 * Signs any header and any payload. Not with a JWT library, because tests of a verifier need tokens that a library
 * refuses to make: a header with another algorithm than the signature, `none`, HMAC with a public key.
 */
export async function signToken(
  header: object,
  payload: object,
  alg: string,
  key: SandboxSigningKey,
): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = await signatureOf(Buffer.from(input), alg, key);
  return `${input}.${signature.toString('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

async function signatureOf(data: Buffer, alg: string, key: SandboxSigningKey): Promise<Buffer> {
  const digest = `sha${alg.slice(2)}`;
  if (alg === 'none') return Buffer.alloc(0);
  if (alg === 'EdDSA' || alg === 'Ed25519') return signAsync(null, data, asKeyObject(key));
  if (/^HS(256|384|512)$/.test(alg)) return createHmac(digest, secretOf(key)).update(data).digest();
  if (/^RS(256|384|512)$/.test(alg)) return signAsync(digest, data, asKeyObject(key));
  if (/^PS(256|384|512)$/.test(alg)) {
    return signAsync(digest, data, {
      key: asKeyObject(key),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });
  }
  if (/^ES(256|384|512)$/.test(alg)) {
    return signAsync(digest, data, { key: asKeyObject(key), dsaEncoding: 'ieee-p1363' });
  }
  throw new SandboxError('SANDBOX_ALG_UNKNOWN', `The sandbox cannot sign with alg ${alg}.`);
}

function asKeyObject(key: SandboxSigningKey): KeyObject {
  if (key instanceof KeyObject) return key;
  if (ArrayBuffer.isView(key)) {
    throw new SandboxError('SANDBOX_KEY_UNFIT', 'A secret signs only with an HS… alg.');
  }
  return KeyObject.from(key);
}

function secretOf(key: SandboxSigningKey): Uint8Array {
  if (ArrayBuffer.isView(key)) return key;
  const object = asKeyObject(key);
  if (object.type === 'secret') return object.export();
  throw new SandboxError('SANDBOX_KEY_UNFIT', 'An HS… alg needs a secret as its key.');
}
