import { inTurn } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

const WAYS = [
  { name: 'expired events, many frames a chunk', coalesced: true },
  { name: 'expired events, one frame a chunk', coalesced: false },
];
/** It takes a quarter of a million events until all on their way is compiled as it stays. */
const WARM_UPS = 6;

/** Expired events from the socket to the handler. */
export async function expiredEvents(context) {
  const readers = new Readers(context);
  await readers.open();
  const rows = [];
  const profiles = [];
  for (const { name, coalesced } of WAYS) {
    const events = { count: 40_000 * context.scale, type: 'expired', coalesced };
    const samples = await inTurn({
      ...context,
      warmUps: context.quick ? 0 : WARM_UPS,
      limit: () => readers.perSecond('bare', events),
      ours: () => readers.perSecond('site', events),
    });
    rows.push(rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.8 } }));
    if (!coalesced) continue;
    profiles.push({ name, shares: await readers.profile('site', events, context.repetitions) });
  }
  await readers.close();
  return { rows, profiles };
}
