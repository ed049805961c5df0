import { describe, expect, it } from '@jest/globals';
import { createKeyPair } from '../support/key-pair.js';
import { useTarget } from './support/target.js';

const attacker = createKeyPair('attacker');

describe('A passport with another kid', () => {
  const target = useTarget();

  it.each<[string, (kid: string) => string]>([
    ['a path', () => '../../../../../../dev/null'],
    ['an absolute path', () => '/etc/passwd'],
    ['a path behind the kid', (kid) => `${kid}/../../../dev/null`],
    ['a file address', () => 'file:///dev/null'],
    ['SQL', () => "x' UNION SELECT 'AAAA'; --"],
    ['SQL that is always true', () => "' OR '1'='1"],
    ['a command', () => '$(touch forged)'],
    ['a look-up', () => '${jndi:ldap://127.0.0.1/forged}'],
    ['a header', () => 'x\r\nSet-Cookie: forged=1'],
    ['__proto__', () => '__proto__'],
    ['constructor', () => 'constructor'],
    ['prototype', () => 'prototype'],
    ['toString', () => 'toString'],
    ['hasOwnProperty', () => 'hasOwnProperty'],
    ['valueOf', () => 'valueOf'],
    ['size', () => 'size'],
    ['an index', () => '0'],
    ['a wildcard', () => '*'],
    ['null as text', () => 'null'],
    ['undefined as text', () => 'undefined'],
    ['a blank', () => ' '],
    ['NUL', () => '\u0000'],
    ['the kid with NUL behind it', (kid) => `${kid}\u0000`],
    ['the kid with a blank behind it', (kid) => `${kid} `],
    ['the kid with a line end behind it', (kid) => `${kid}\n`],
    ['the kid in upper case', (kid) => kid.toUpperCase()],
    ['the kid with a Cyrillic a', (kid) => kid.replace('a', '\u0430')],
    ['the kid in full width', (kid) => kid.replace('s', '\uff53')],
    ['the kid with a zero-width space', (kid) => kid.replace('-', '-\u200b')],
    ['the kid with a soft hyphen', (kid) => kid.replace('-', '\u00ad')],
    ['the kid with an override of direction', (kid) => `\u202e${kid}`],
    ['the kid with a byte order mark', (kid) => `\ufeff${kid}`],
    ['the kid twice', (kid) => `${kid},${kid}`],
    ['half of the kid', (kid) => kid.slice(0, -1)],
    ['a lone surrogate', () => '\ud800'],
    ['a very long text', () => 'k'.repeat(5_000)],
  ])('is refused, also with a genuine signature: %s', async (_, change) => {
    const header = target().header({ kid: change(target().kid) });
    for (const key of [attacker.privateKey, target().key]) {
      expect(await target().refusal(target().token({ header, key }))).toBe('PASSPORT_KEY_UNKNOWN');
    }
  });

  it.each<[string, (kid: string) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an empty text', () => ''],
    ['a number', () => 0],
    ['a boolean', () => true],
    ['a list with the kid', (kid) => [kid]],
    ['an object', (kid) => ({ kid })],
    ['an object that looks like a text', (kid) => ({ length: kid.length, 0: kid })],
  ])('is refused with a genuine signature: %s', async (_, change) => {
    const header = target().header({ kid: change(target().kid) });
    expect(await target().refusal(target().token({ header }))).toBe('PASSPORT_MALFORMED');
  });

  it.each(['__proto__', 'constructor'])(
    'is refused with a kid on a prototype only: %s',
    async (name) => {
      const header = `{"alg":"RS256","${name}":{"kid":"${target().kid}","alg":"RS256"}}`;
      expect(await target().refusal(target().token({ header }))).toBe('PASSPORT_MALFORMED');
    },
  );

  it('is refused with an error that shortens the key id', async () => {
    const header = target().header({ kid: 'k'.repeat(5_000) });
    const error: unknown = await target()
      .site.verifyPassport(target().token({ header }))
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error).length).toBeLessThan(400);
  });
});

describe('A flood of forged kids', () => {
  const target = useTarget();

  it('causes one fetch per cooldown, and does not affect genuine passports', async () => {
    const { lime, site, clock } = target();
    const before = lime.callCount('jwks');
    for (let round = 1; round <= 3; round++) {
      const work = Array.from({ length: 200 }, async (_, index) => {
        const kid = `forged-${round}-${index}`;
        const forged = target().token({
          header: target().header({ kid }),
          key: attacker.privateKey,
        });
        expect(await target().refusal(forged)).toBe('PASSPORT_KEY_UNKNOWN');
        if (index % 10 > 0) return;
        const payload = target().claims({ request_id: kid });
        await site.verifyPassport(target().token({ payload }));
      });
      await Promise.all(work);
      expect(lime.callCount('jwks')).toBe(before + round);
      clock.advance(10_000);
    }
  });

  it('does not delay a new key for longer than the cooldown', async () => {
    const { lime, site, clock } = target();
    clock.advance(10_000);
    const forged = target().header({ kid: 'forged' });
    await target().refusal(target().token({ header: forged, key: attacker.privateKey }));
    await lime.rotateKeys();
    clock.advance(10_000);
    const passport = await lime.signPassport({}, { issuedAt: new Date(clock.now()) });
    await expect(site.verifyPassport(passport)).resolves.toMatchObject({ valid: true });
  });
});
