import { inTurnOverLives } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

/** Of the first, which is close to its target, more is measured, and with a profile. */
const WAYS = [
  { name: 'expired events, many frames a chunk', coalesced: true, lives: 3, profiled: true },
  { name: 'expired events, one frame a chunk', coalesced: false, lives: 1, profiled: false },
];
const REPETITIONS = 7;
/** It takes a quarter of a million events until all on their way is compiled as it stays. */
const WARM_UPS = 6;

/** Expired events from the socket to the handler. */
export async function expiredEvents(context) {
  const rows = [];
  const profiles = [];
  for (const { name, ...way } of WAYS) {
    const { samples, shares } = await measure(context, way);
    rows.push(rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.8 } }));
    if (shares) profiles.push({ name, shares });
  }
  return { rows, profiles };
}

async function measure(context, { coalesced, lives, profiled }) {
  const { quick, scale } = context;
  const events = { count: 40_000 * scale, type: 'expired', coalesced };
  let shares;
  const samples = await inTurnOverLives({
    lives: quick ? 1 : lives,
    repetitions: quick ? 1 : REPETITIONS,
    warmUps: quick ? 0 : WARM_UPS,
    begin: async () => {
      const readers = new Readers(context);
      await readers.open();
      return {
        limit: () => readers.perSecond('bare', events),
        ours: () => readers.perSecond('site', events),
        end: async () => {
          if (profiled) shares ??= await readers.profile('site', events, REPETITIONS);
          await readers.close();
        },
      };
    },
  });
  return { samples, shares };
}
