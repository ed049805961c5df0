import { createPublicKey } from 'node:crypto';
import { inTurn } from '../harness/in-turn.mjs';
import { readPassport } from '../harness/read-passport.mjs';
import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';
import { cpuMicrosecondsEach } from '../harness/timing.mjs';

/** What a flood of forged passports costs: their signature belongs to something else, or their key does not exist. */
export async function forgedPassports(context) {
  const { load, baseUrl, scale } = context;
  const passports = await load.call('sign', { count: 3_000 * scale });
  const key = createPublicKey({ key: (await load.call('publishedKeys')).keys[0], format: 'jwk' });
  const forged = passports.map(({ passport }, index) => {
    const { passport: other } = passports[(index + 1) % passports.length];
    return passport.slice(0, passport.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
  });
  const { app, site } = await startSite(baseUrl, { dispatcher: false });
  await site.verifyPassport(passports[0].passport);

  const samples = await inTurn({
    ...context,
    limit: () =>
      cpuMicrosecondsEach(passports.length, () => {
        for (const { passport } of passports) readPassport(passport, key);
      }),
    ours: () => cpuMicrosecondsEach(forged.length, () => refuseAll(site, forged)),
  });
  const fetchesBefore = await load.call('keyFetches');
  await refuseAll(site, passports.map(underUnknownKey));
  const fetches = (await load.call('keyFetches')) - fetchesBefore;
  await app.close();
  return {
    rows: [
      rowOf({
        name: 'a refused passport, processor time',
        unit: 'µs',
        ...samples,
        relation: 'factor',
        target: { atMost: 1.3 },
      }),
      rowOf({
        name: `fetches of keys for ${passports.length} unknown key ids`,
        unit: 'fetches',
        ours: [fetches],
        limit: [1],
        relation: 'factor',
        target: { atMost: 1 },
      }),
    ],
  };
}

async function refuseAll(site, forged) {
  let accepted = 0;
  for (const passport of forged) {
    await site.verifyPassport(passport).then(
      () => accepted++,
      () => undefined,
    );
  }
  if (accepted > 0) throw new Error(`${accepted} forged passports were accepted`);
}

function underUnknownKey({ passport }, index) {
  const header = { alg: 'RS256', typ: 'JWT', kid: `unknown-${index}` };
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
  return encoded + passport.slice(passport.indexOf('.'));
}
