import { inTurn } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

/** Approved events from the socket to the handler, each with a passport that has not been seen before. */
export async function approvedEvents(context) {
  const readers = new Readers(context);
  const events = { count: 4_000 * context.scale, type: 'approved', coalesced: true };
  await context.load.call('sign', { count: events.count });
  const samples = await inTurn({
    ...context,
    limit: () => readers.perSecond('bare', events),
    ours: () => readers.perSecond('site', events), // a new application each time, which knows none of the passports
  });
  await readers.stop();
  const name = 'approved events, verified';
  return { rows: [rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.7 } })] };
}
