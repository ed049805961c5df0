import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { InvalidPassportError, type PassportErrorCode } from 'nestjs-lime-sites';
import { changed, mutation, toJson } from './support/mutations.js';
import { encodePart, signEncoded } from './support/raw-jws.js';
import { STRICTER_RULES, type TokenFacts } from './support/stricter-rules.js';
import { NOW, type Target, useTarget } from './support/target.js';

const MUTATIONS = 10_000;

/** As our own rules, as far as jose has them. */
const OPTIONS = {
  algorithms: ['RS256'],
  audience: 'lime-site-login',
  currentDate: new Date(NOW * 1000),
  clockTolerance: 5,
  requiredClaims: ['sub', 'request_id', 'iat', 'exp'],
};

describe('Our verdict on a passport, beside that of jose.jwtVerify', () => {
  const target = useTarget();

  async function acceptedByJose(token: string): Promise<boolean> {
    const keys = createLocalJWKSet(target().lime.publishedKeys());
    return jwtVerify(token, keys, OPTIONS).then(
      () => true,
      () => false,
    );
  }

  /** `undefined` for a passport that is accepted. Whatever is no refusal of a passport fails the test. */
  async function ourRefusal(token: string): Promise<PassportErrorCode | undefined> {
    try {
      await target().site.verifyPassport(token);
      return undefined;
    } catch (error) {
      if (error instanceof InvalidPassportError) return error.code;
      throw error;
    }
  }

  it(`is the same for ${MUTATIONS} mutations, or stricter by a rule that is on the list`, async () => {
    const seen = { accepted: 0, refused: 0, stricter: 0 };
    const property = fc.asyncProperty(mutation, async (mutate) => {
      const token = mutate(target());
      const [code, jose] = await Promise.all([ourRefusal(token), acceptedByJose(token)]);
      if (code === undefined) {
        seen.accepted++;
        if (!jose) throw new Error(`We accept what jose refuses: ${show(token)}`);
      } else if (jose) {
        seen.stricter++;
        const facts = factsOf(token);
        const rule = STRICTER_RULES.find((one) => one.code === code && one.explains(facts));
        if (!rule) throw new Error(`No rule explains ${code}, which jose accepts: ${show(token)}`);
      } else {
        seen.refused++;
      }
    });
    await fc.assert(property, { numRuns: MUTATIONS });
    // The mutations are worth something only if they fall on both sides.
    expect(seen.accepted).toBeGreaterThan(MUTATIONS / 50);
    expect(seen.refused).toBeGreaterThan(MUTATIONS / 5);
    expect(seen.stricter).toBeGreaterThan(MUTATIONS / 50);
  }, 60_000);

  it.each(STRICTER_RULES)('is stricter on purpose: $name', async (rule) => {
    const token = tokenOf(target(), rule.example);
    expect(await acceptedByJose(token)).toBe(true);
    expect(await ourRefusal(token)).toBe(rule.code);
    const facts = factsOf(token);
    expect(STRICTER_RULES.filter((one) => one.explains(facts))).toEqual(
      expect.arrayContaining([rule]),
    );
  });

  it('is the same for a genuine passport', async () => {
    const token = target().token();
    expect(await acceptedByJose(token)).toBe(true);
    expect(await ourRefusal(token)).toBeUndefined();
  });
});

function tokenOf(
  target: Target,
  {
    header = {},
    claims = {},
    write = (token) => token,
  }: (typeof STRICTER_RULES)[number]['example'],
): string {
  const parts = [changed(target.header(), header), changed(target.claims(), claims)] as const;
  const [encodedHeader, encodedClaims] = parts.map((part) => encodePart(toJson(part)));
  return write(signEncoded(encodedHeader ?? '', encodedClaims ?? '', target.key));
}

/** Reads a token that jose accepted. */
function factsOf(token: string): TokenFacts {
  const [header, claims] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  return {
    token,
    header: JSON.parse(header ?? '') as TokenFacts['header'],
    claims: JSON.parse((claims ?? '').replace(/^\ufeff/, '')) as TokenFacts['claims'],
  };
}

/** Which token it was: of a forged one nothing is secret. */
function show(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string) => Buffer.from(part, 'base64url').toString();
  return JSON.stringify({ token, header: read(header), payload: read(payload) });
}
