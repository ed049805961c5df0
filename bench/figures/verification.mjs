import { createPublicKey } from 'node:crypto';
import { figure, inTurn, perSecond, row, runAtOnce } from '../harness/measure.mjs';
import { readPassport } from '../harness/passports.mjs';
import { startSite } from '../harness/site.mjs';

const IN_FLIGHT = 64;

/** Passports that are seen for the first time, and one that comes with every request. */
export const measure = figure(async (context) => {
  const { platform, baseUrl, scale } = context;
  const passports = await platform.call('sign', { count: 3_000 * scale });
  const [jwk] = (await platform.call('jwks')).keys;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const limit = () =>
    perSecond(passports.length, () => {
      for (const { passport } of passports) readPassport(passport, key);
    });

  /** By an application that has the JWKS and has seen none of the passports. */
  const first = async (inFlight) => {
    const { app, site } = await startSite(baseUrl, { dispatcher: false });
    await site.verifyBindingPassport(passports[0].passport).catch(() => undefined); // fetches the JWKS
    let next = 0;
    const count = passports.length;
    const rate = await perSecond(count, () =>
      runAtOnce(count, inFlight, () => site.verifyPassport(passports[next++].passport)),
    );
    await app.close();
    return rate;
  };
  const warmUps = context.quick ? 0 : 8; // V8 compiles the last of the functions after 20 000 verifications
  const compare = (ours, slow) =>
    inTurn({ ...context, warmUps, begin: async () => ({ ours, limit: slow ?? limit }) });
  const oneByOne = await compare(() => first(1));
  const many = await compare(() => first(IN_FLIGHT));
  const again = await compare(
    () => microsecondsAgain(context, passports[0].passport),
    async () => 1e6 / (await first(1)),
  );
  const unit = 'verifications/s';
  const floor = { atLeast: 0.85 };
  return {
    rows: [
      row({ name: 'first verification, one by one', unit, ...oneByOne, floor }),
      row({ name: `first verification, ${IN_FLIGHT} in flight`, unit, ...many, floor }),
      row({
        name: 'the same passport again',
        unit: 'µs',
        ...again,
        relation: 'gain',
        floor: { atLeast: 25 },
      }),
    ],
  };
});

/** One passport with each of many requests: every time a text of its own, as it comes out of a socket. */
async function microsecondsAgain({ baseUrl, scale }, passport) {
  const { app, site } = await startSite(baseUrl, { dispatcher: false });
  await site.verifyPassport(passport);
  const rounds = [];
  for (let round = 0; round < Math.max(2, 300 * scale); round++) {
    const texts = Array.from({ length: 1_000 }, () => Buffer.from(passport).toString('latin1'));
    const rate = await perSecond(texts.length, async () => {
      for (const text of texts) await site.verifyPassport(text);
    });
    rounds.push(1e6 / rate);
  }
  await app.close();
  const warm = rounds.slice(rounds.length / 2);
  return warm.reduce((sum, each) => sum + each, 0) / warm.length;
}
