import { inTurn } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

const WAYS = [
  { name: 'expired events, many frames a chunk', coalesced: true },
  { name: 'expired events, one frame a chunk', coalesced: false },
];

/** Expired events from the socket to the handler. */
export async function expiredEvents(context) {
  const readers = new Readers(context);
  await readers.open();
  const rows = [];
  for (const { name, coalesced } of WAYS) {
    const events = { count: 40_000 * context.scale, type: 'expired', coalesced };
    const samples = await inTurn({
      ...context,
      limit: () => readers.perSecond('bare', events),
      ours: () => readers.perSecond('site', events),
    });
    rows.push(rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.8 } }));
  }
  await readers.close();
  return { rows };
}
