import { generateKeyPairSync, sign } from 'node:crypto';
import { promisify } from 'node:util';

const signAsync = promisify(sign);
const KID = 'bench';
/** The module accepts an `iat` up to 60 s ahead, so that a pool can serve for nearly three minutes. */
const AHEAD_SECONDS = 50;
const LIFETIME_SECONDS = 120;

/** Genuine login passports. To sign one takes thirty times as long as to verify it, so they are signed ahead. */
export class PassportPool {
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** @type {{ requestId: string, passport: string }[]} */
  #ready = [];

  get publishedKeys() {
    const jwk = this.#keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ ...jwk, kid: KID, alg: 'RS256', use: 'sig' }] };
  }

  /** Signs so many, at about three thousand in a second. */
  async sign(count) {
    const signed = await Promise.all(Array.from({ length: count }, () => this.#signOne()));
    this.#ready = [...signed];
    return signed;
  }

  /** The next ones of those that were signed last; none comes twice. */
  take(count) {
    if (this.#ready.length < count) throw new Error(`${this.#ready.length} passports are left`);
    return this.#ready.splice(0, count);
  }

  async #signOne() {
    const requestId = crypto.randomUUID();
    const iat = Math.floor(Date.now() / 1000) + AHEAD_SECONDS;
    const claims = {
      sub: crypto.randomUUID(),
      aud: 'lime-site-login',
      request_id: requestId,
      user_id: crypto.randomUUID(),
      user_kyc_level: 2,
      agent_reputation: 40,
      iat,
      exp: iat + LIFETIME_SECONDS,
    };
    const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: KID })}.${encode(claims)}`;
    const signature = await signAsync('sha256', Buffer.from(input), this.#keys.privateKey);
    return { requestId, passport: `${input}.${signature.toString('base64url')}` };
  }
}

function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
