import { createPublicKey } from 'node:crypto';
import { inTurn } from '../harness/in-turn.mjs';
import { readPassport } from '../harness/read-passport.mjs';
import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';
import { microsecondsEach, perSecond } from '../harness/timing.mjs';

const IN_FLIGHT = 64;

/** Passports that are seen for the first time, and one that comes with every request. */
export async function verification(context) {
  const { load, baseUrl, scale } = context;
  const passports = await load.call('sign', { count: 3_000 * scale });
  const key = createPublicKey({ key: (await load.call('publishedKeys')).keys[0], format: 'jwk' });
  const limit = () =>
    perSecond(passports.length, () => {
      for (const { passport } of passports) readPassport(passport, key);
    });

  /** By an application that has its keys, and knows none of the passports. */
  const first = async (inFlight) => {
    const { app, site } = await startSite(baseUrl, { dispatcher: false });
    await site.verifyBindingPassport(passports[0].passport).catch(() => undefined); // fetches the keys
    let next = 1;
    const work = async () => {
      while (next < passports.length) await site.verifyPassport(passports[next++].passport);
    };
    const result = await perSecond(passports.length - 1, () =>
      Promise.all(Array.from({ length: inFlight }, work)),
    );
    await app.close();
    return result;
  };
  const oneByOne = await inTurn({ ...context, limit, ours: () => first(1) });
  const many = await inTurn({ ...context, limit, ours: () => first(IN_FLIGHT) });
  const again = await inTurn({
    ...context,
    limit: async () => 1e6 / (await first(1)),
    ours: () => comesAgain(context, passports[0]),
  });
  const target = { atLeast: 0.7 };
  const unit = 'verifications/s';
  return {
    rows: [
      rowOf({ name: 'first verification, one by one', unit, ...oneByOne, target }),
      rowOf({ name: `first verification, ${IN_FLIGHT} in flight`, unit, ...many, target }),
      rowOf({
        name: 'the same passport again',
        unit: 'µs',
        ...again,
        relation: 'gain',
        target: { atLeast: 50 },
      }),
    ],
  };
}

/** One passport with each of many requests: every time a text of its own, as it comes out of a socket. */
async function comesAgain({ baseUrl, scale }, { passport }) {
  const { app, site } = await startSite(baseUrl, { dispatcher: false });
  await site.verifyPassport(passport);
  const rounds = [];
  for (let round = 0; round < Math.max(2, 300 * scale); round++) {
    const texts = Array.from({ length: 1_000 }, () => Buffer.from(passport).toString('latin1'));
    const each = await microsecondsEach(texts.length, async () => {
      for (const text of texts) await site.verifyPassport(text);
    });
    rounds.push(each);
  }
  await app.close();
  const warm = rounds.slice(rounds.length / 2);
  return warm.reduce((sum, each) => sum + each, 0) / warm.length;
}
