import { inTurn } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

/** To sign one takes thirty times as long as to verify it. */
const EVENTS = 1_500;

/** Approved events from the socket to the handler, each with a passport that has not been seen before. */
export async function approvedEvents(context) {
  const readers = new Readers(context);
  const rounds = 2 * (context.repetitions + context.warmUps);
  const events = { count: EVENTS * context.scale, type: 'approved', coalesced: true };
  await context.load.call('sign', { count: rounds * events.count });
  await readers.open();
  const samples = await inTurn({
    ...context,
    limit: () => readers.perSecond('bare', events),
    ours: () => readers.perSecond('site', events),
  });
  await readers.close();
  const name = 'approved events, verified';
  return { rows: [rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.7 } })] };
}
