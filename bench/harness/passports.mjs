import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

const signAsync = promisify(sign);
const KEY_ID = 'bench';
/** Only `exp - iat` is limited, so passports that are signed ahead live for nearly three minutes. */
const AHEAD_SECONDS = 50;
const LIFETIME_SECONDS = 120;

/** Genuine login passports. Signing one takes thirty times as long as verifying it, so they are signed in advance. */
export class PassportPool {
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** @type {{ requestId: string, passport: string, claims: object }[]} */
  #ready = [];

  /** @param {() => string} issuer */
  constructor(issuer) {
    this.issuer = issuer;
  }

  get jwks() {
    const jwk = this.#keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ ...jwk, kid: KEY_ID, alg: 'RS256', use: 'sig' }] };
  }

  /** Signs so many, at about three thousand a second. */
  async sign(count) {
    const signed = await Promise.all(Array.from({ length: count }, () => this.#signOne()));
    this.#ready = [...signed];
    return signed;
  }

  /** The next ones of those that were signed last. */
  take(count) {
    if (this.#ready.length < count) throw new Error(`${this.#ready.length} passports are left`);
    return this.#ready.splice(0, count);
  }

  async #signOne() {
    const requestId = crypto.randomUUID();
    const iat = Math.floor(Date.now() / 1000) + AHEAD_SECONDS;
    const claims = {
      iss: this.issuer(),
      sub: crypto.randomUUID(),
      aud: 'lime-site-login',
      request_id: requestId,
      user_id: crypto.randomUUID(),
      passport_version: '5',
      iat,
      exp: iat + LIFETIME_SECONDS,
    };
    const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`;
    const signature = await signAsync('sha256', Buffer.from(input), this.#keys.privateKey);
    return { requestId, passport: `${input}.${signature.toString('base64url')}`, claims };
  }
}

/**
 * The least that a verification can be: the three parts parsed, and one RSA check.
 * @param {string} passport
 * @param {import('node:crypto').KeyObject} key
 */
export function readPassport(passport, key) {
  const [header, payload, signature] = passport.split('.');
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const input = Buffer.from(`${header}.${payload}`);
  if (alg === 'RS256' && verify('sha256', input, key, Buffer.from(signature, 'base64url'))) {
    return claims;
  }
  throw new Error('the passport does not verify');
}

function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
