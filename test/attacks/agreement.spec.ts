import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidPassportError, type PassportErrorCode } from 'nestjs-lime-sites';
import { assertExplained, factsOf, readByJose, show } from './support/jose-reference.js';
import { changed, mutation, toJson } from './support/mutations.js';
import { NOW } from './support/now.js';
import { encodePart, signEncoded } from './support/raw-jws.js';
import { STRICTER_RULES } from './support/stricter-rules.js';
import { type Target, useTarget } from './support/target.js';

const MUTATIONS = 10_000;

// Signatures are checked by node:crypto and not by jose, so jose is asked here what it would have said. The attacks of
// the other suites are put to it as well (Target.refusal).
describe('Our answer on a passport, beside that of jose.jwtVerify', () => {
  const target = useTarget();

  function joses(token: string): Promise<Record<string, unknown> | undefined> {
    return readByJose(token, target().platform, target().clock.now());
  }

  /** The claims, or why the passport is refused. Any other failure fails the test. */
  async function ours(token: string): Promise<Record<string, unknown> | PassportErrorCode> {
    try {
      return (await target().site.verifyPassport(token)).claims;
    } catch (error) {
      if (error instanceof InvalidPassportError) return error.code;
      throw error;
    }
  }

  it(`is the same for ${MUTATIONS} mutations, or stricter by a rule that is on the list`, async () => {
    const seen = { accepted: 0, refused: 0, stricter: 0 };
    const accepted = { issuerRespelt: 0, withNbf: 0, nbfAhead: 0, nbfNull: 0 };
    const refused = { issuer: 0, nbfAhead: 0 };
    const countAccepted = ({ iss, nbf }: Record<string, unknown>) => {
      seen.accepted++;
      if (iss !== target().platform.origin) accepted.issuerRespelt++;
      if (nbf !== undefined) accepted.withNbf++;
      if (Number(nbf) > NOW) accepted.nbfAhead++;
      if (nbf === null) accepted.nbfNull++;
    };
    const countRefused = (code: PassportErrorCode) => {
      seen.refused++;
      if (code === 'PASSPORT_ISSUER') refused.issuer++;
      if (code === 'PASSPORT_NOT_YET_VALID') refused.nbfAhead++;
    };
    const property = fc.asyncProperty(mutation, async (mutate) => {
      const token = mutate(target());
      const [our, jose] = await Promise.all([ours(token), joses(token)]);
      if (typeof our !== 'string') {
        countAccepted(our);
        if (!jose) throw new Error(`We accept what jose refuses: ${show(token)}`);
        // As texts: a claim may be named __proto__, which matchers overlook.
        const ofJose = Object.entries(jose);
        expect(JSON.stringify(ofJose.map(([name]) => [name, our[name]]))).toBe(
          JSON.stringify(ofJose),
        );
      } else if (jose) {
        seen.stricter++;
        assertExplained(token, our);
      } else {
        countRefused(our);
      }
    });
    await fc.assert(property, { numRuns: MUTATIONS });
    // The mutations are worth something only if they fall on both sides, and those of iss and nbf do, too.
    expect(seen.accepted).toBeGreaterThan(MUTATIONS / 50);
    expect(seen.refused).toBeGreaterThan(MUTATIONS / 5);
    expect(seen.stricter).toBeGreaterThan(MUTATIONS / 50);
    for (const count of [...Object.values(accepted), ...Object.values(refused)]) {
      expect(count).toBeGreaterThan(MUTATIONS / 400);
    }
  }, 120_000);

  it.each(STRICTER_RULES)('is stricter on purpose: $name', async (rule) => {
    const token = tokenOf(target(), rule.example);
    expect(await joses(token)).toBeDefined();
    expect(await ours(token)).toBe(rule.code);
    const facts = factsOf(token);
    expect(STRICTER_RULES.filter((one) => one.explains(facts))).toEqual(
      expect.arrayContaining([rule]),
    );
  });

  it('is the same for a genuine passport', async () => {
    const token = target().token();
    const jose = await joses(token);
    expect(jose).toBeDefined();
    expect(await ours(token)).toMatchObject({ ...jose });
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
