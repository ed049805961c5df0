import { figure, inTurn, median, row, startProcess } from '../harness/measure.mjs';

/** Signing a passport takes thirty times as long as verifying it. */
const APPROVED = 1_500;
const EXPIRED = 40_000;
/** Of the first, which is close to its floor, more is measured. */
const EXPIRED_WAYS = [
  { name: 'expired events, many frames a chunk', coalesced: true, lives: 3, atLeast: 0.65 },
  { name: 'expired events, one frame a chunk', coalesced: false, lives: 1, atLeast: 0.8 },
];

/** Events from the socket to the handler: how many a second, and how long one takes. */
export const measure = figure(async (context) => ({
  rows: [...(await expired(context)), await approved(context), ...(await latency(context))],
}));

async function expired(context) {
  const { quick, scale } = context;
  const rows = [];
  for (const { name, coalesced, lives, atLeast } of EXPIRED_WAYS) {
    const events = { count: EXPIRED * scale, type: 'expired', coalesced };
    const samples = await inTurn({
      ...context,
      lives: quick ? 1 : lives,
      warmUps: quick ? 0 : 6, // V8 compiles the last of the functions after a quarter of a million events
      begin: () => beginReading(context, events),
    });
    rows.push(row({ name, unit: 'events/s', ...samples, floor: { atLeast } }));
  }
  return rows;
}

async function approved(context) {
  const { quick, scale, warmUps } = context;
  const repetitions = quick ? 1 : 5;
  const events = { count: APPROVED * scale, type: 'approved', coalesced: true };
  const samples = await inTurn({
    repetitions,
    warmUps,
    lives: quick ? 1 : 2,
    begin: async () => {
      const count = 2 * (repetitions + warmUps) * events.count;
      await context.platform.call('sign', { count });
      return beginReading(context, events);
    },
  });
  const name = 'approved and verified events';
  return row({ name, unit: 'events/s', ...samples, floor: { atLeast: 0.75 } });
}

async function beginReading(context, events) {
  const readers = await Readers.open(context);
  return {
    limit: () => readers.perSecond('bare', events),
    ours: () => readers.perSecond('site', events),
    end: () => readers.close(),
  };
}

/** From the moment at which a frame is written to the moment at which the handler is entered. */
async function latency(context) {
  const readers = await Readers.open(context);
  const rows = [];
  for (const type of ['expired', 'approved']) {
    const events = { count: 400 * context.scale, type, pauseMs: 1 };
    if (type === 'approved') {
      const rounds = 2 * (context.repetitions + context.warmUps);
      await context.platform.call('sign', { count: rounds * events.count });
    }
    const samples = await inTurn({
      ...context,
      begin: async () => ({
        limit: async () => median(await readers.delays('bare', events)),
        ours: async () => median(await readers.delays('site', events)),
      }),
    });
    const name = `added latency of an ${type} event, p50`;
    const floor = { atMost: 0.05 };
    rows.push(row({ name, unit: 'ms', ...samples, relation: 'difference', floor }));
  }
  await readers.close();
  return rows;
}

/** In the order in which they connect, by which the load generator knows them. */
const WHO = ['bare', 'site'];

/** The bare loop and the module, each in a process of its own, so that neither is compiled for the other's sake. */
class Readers {
  #platform;
  #readers = { bare: startProcess('bare-reader'), site: startProcess('site-reader') };

  static async open({ platform, baseUrl }) {
    const readers = new Readers();
    readers.#platform = platform;
    const jwks = await platform.call('jwks');
    for (const [index, who] of WHO.entries()) {
      await readers.#readers[who].call('open', { baseUrl, jwks });
      await platform.call('whenStreams', { count: index + 1 });
    }
    return readers;
  }

  /** @returns {Promise<number>} how many events came in a second */
  async perSecond(who, events) {
    return (await this.#read(who, 'flood', events, 'perSecond')).result;
  }

  /** @returns {Promise<number[]>} from the writing to the handler, in milliseconds, for each event */
  async delays(who, events) {
    const { sent, result } = await this.#read(who, 'drip', events, 'moments');
    return result.map((at, index) => Number(at - sent[index]) / 1e6);
  }

  async close() {
    await Promise.all(Object.values(this.#readers).map((reader) => reader.stop()));
    await this.#platform.call('whenStreams', { count: 0 });
  }

  async #read(who, how, events, what) {
    const reader = this.#readers[who];
    await reader.call('expect', { count: events.count });
    const [sent, result] = await Promise.all([
      this.#platform.call(how, { ...events, stream: WHO.indexOf(who) }),
      reader.call(what),
    ]);
    return { sent, result };
  }
}
