/** Which keys were withdrawn, and which ones the site had by then: a passport whose key is gone cannot be verified. */
export class KeyHistory {
  #withdrawnAt = new Map();
  #knownSince = new Map();

  withdraw(kids, at) {
    for (const kid of kids) {
      if (!this.#withdrawnAt.has(kid)) this.#withdrawnAt.set(kid, at);
    }
  }

  /** A passport signed with it was verified. */
  used(kid, at) {
    if (!this.#knownSince.has(kid)) this.#knownSince.set(kid, at);
  }

  /** Whether a passport sent then can have met a site that could no longer get its key. */
  mayBeMissing(kid, sentAt, disturbances, heldMs) {
    const withdrawnAt = this.#withdrawnAt.get(kid);
    if (withdrawnAt === undefined) return false;
    const knownSince = this.#knownSince.get(kid) ?? Infinity;
    return knownSince > withdrawnAt || sentAt + heldMs >= disturbances.unreadSince(withdrawnAt);
  }
}

/** @param {string} passport */
export function kidOf(passport) {
  const [header = ''] = passport.split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}
