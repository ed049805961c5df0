import { inTurn } from '../harness/in-turn.mjs';
import { Readers } from '../harness/readers.mjs';
import { rowOf } from '../harness/row.mjs';
import { percentile } from '../harness/statistics.mjs';

const SHARES = [
  { share: 0.5, name: 'p50', atMost: 0.1 },
  { share: 0.99, name: 'p99', atMost: 0.5 },
];

/** From the moment at which a frame is written to the moment at which the handler is entered, one event at a time. */
export async function latency(context) {
  const readers = new Readers(context);
  const rounds = 2 * (context.repetitions + context.warmUps);
  await readers.open();
  const rows = [];
  for (const type of ['expired', 'approved']) {
    const events = { count: 400 * context.scale, type, pauseMs: 1 };
    if (type === 'approved') await context.load.call('sign', { count: rounds * events.count });
    const { ours, limit } = await inTurn({
      ...context,
      limit: () => readers.delays('bare', events),
      ours: () => readers.delays('site', events),
    });
    for (const { share, name, atMost } of SHARES) {
      const of = (samples) => samples.map((delays) => percentile(delays, share));
      rows.push(
        rowOf({
          name: `added latency of an ${type} event, ${name}`,
          unit: 'ms',
          ours: of(ours),
          limit: of(limit),
          relation: 'difference',
          target: { atMost },
        }),
      );
    }
  }
  await readers.close();
  return { rows };
}
