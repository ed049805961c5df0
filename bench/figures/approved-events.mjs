import { inTurnOverLives } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';

/** To sign one takes thirty times as long as to verify it. */
const EVENTS = 1_500;
const LIVES = 2;
const REPETITIONS = 5;

/** Approved events from the socket to the handler, each with a passport that has not been seen before. */
export async function approvedEvents(context) {
  const { load, quick, scale, warmUps } = context;
  const repetitions = quick ? 1 : REPETITIONS;
  const events = { count: EVENTS * scale, type: 'approved', coalesced: true };
  const samples = await inTurnOverLives({
    lives: quick ? 1 : LIVES,
    repetitions,
    warmUps,
    begin: async () => {
      await load.call('sign', { count: 2 * (repetitions + warmUps) * events.count });
      const readers = new Readers(context);
      await readers.open();
      return {
        limit: () => readers.perSecond('bare', events),
        ours: () => readers.perSecond('site', events),
        end: () => readers.close(),
      };
    },
  });
  const name = 'approved events, verified';
  return { rows: [rowOf({ name, unit: 'events/s', ...samples, target: { atLeast: 0.7 } })] };
}
