import { generateKeyPairSync } from 'node:crypto';

/** Approvals that must never come through. */
export class Forgeries {
  #otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  /** @param {import('./random.mjs').Random} random */
  constructor(random) {
    this.random = random;
  }

  /** @returns a frame for this request, and whether the site has to hold it until it knows that no such key comes. */
  async make(lime, requestId, passportOfAnother) {
    const claims = { request_id: requestId, sub: 'forged' };
    const kinds = {
      'passport of another request': () => passportOfAnother ?? lime.signPassport(),
      'other key with the same kid': () => lime.signPassport(claims, { key: this.#otherKey }),
      'other audience': () => lime.signPassport(claims, { audience: 'lime-binding' }),
      'lives too long': () => lime.signPassport(claims, { ttlSeconds: 3_600 }),
      'out of date': () => lime.signPassport(claims, { issuedAt: Date.now() / 1000 - 600 }),
      'no signature': () => lime.signPassport(claims, { alg: 'none' }),
      'unknown key': () => lime.signPassport(claims, { kid: 'unheard-of', ttlSeconds: 2 }),
    };
    // The last one makes the site ask for keys, which it does once in 10 s: rarely, so that rotations stay visible.
    const names = Object.keys(kinds);
    const name = this.random.chance(0.02) ? 'unknown key' : this.random.pick(names.slice(0, -1));
    const passport = await kinds[name]();
    const frame = { type: 'approved', login_request_id: requestId, agent_passport_jwt: passport };
    return { name, frame, held: name === 'unknown key' };
  }
}
