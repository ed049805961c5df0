import { setTimeout as sleep } from 'node:timers/promises';
import { figure, inTurn, median, row, startProcess } from '../harness/measure.mjs';
import { RedisServer } from '../harness/redis.mjs';
import { markdownTable, number } from '../harness/table.mjs';

const REPLICAS = 3;
const CONCURRENCY = 16;
const LOGINS = 6_000;
/** After the last handler BullMQ still writes down what was done. */
const REST_MS = 500;

/**
 * Approved logins a second through three replicas and Redis, beside three bare workers of BullMQ with jobs of the same size
 * and a handler that does nothing. Both take turns on one Redis.
 */
export const measure = figure(async (context) => {
  const redis = await RedisServer.start();
  try {
    return await compare(context, redis);
  } finally {
    await redis.stop();
  }
});

async function compare(context, redis) {
  const bare = await open(context, 'bare-worker', redis);
  const replicas = await open(context, 'replica', redis);
  await context.platform.call('whenStreams', { count: REPLICAS });
  const count = LOGINS * context.scale;
  const [sample] = await context.platform.call('sign', { count: 1 });

  const rounds = {
    'bare BullMQ': { fleet: bare, begin: () => addJobs(bare, sample, count) },
    'each job added by all three': {
      fleet: bare,
      begin: () => addJobs(bare, sample, count, { byAll: true }),
    },
    'the module, expired logins': {
      fleet: replicas,
      begin: () => context.platform.call('flood', { count, type: 'expired', coalesced: false }),
    },
    'the module, approved logins': {
      fleet: replicas,
      prepare: () => context.platform.call('sign', { count }),
      begin: () => context.platform.call('flood', { count, type: 'approved', coalesced: false }),
    },
  };
  const measured = Object.fromEntries(Object.keys(rounds).map((name) => [name, []]));
  const round = async (name) => {
    const result = await run(redis, rounds[name], count);
    measured[name].push(result);
    return result.perSecond;
  };
  const samples = await inTurn({
    ...context,
    repetitions: context.quick ? 1 : 5,
    begin: async () => ({
      limit: async () => {
        const perSecond = await round('bare BullMQ');
        await round('each job added by all three');
        return perSecond;
      },
      ours: async () => {
        await round('the module, expired logins');
        return round('the module, approved logins');
      },
    }),
  });
  await Promise.all([...bare, ...replicas].map((member) => member.stop()));
  const name = 'cluster: logins through three replicas';
  return {
    rows: [row({ name, unit: 'logins/s', ...samples })],
    notes: [`What a login in the cluster costs:\n\n${breakdown(measured, context.warmUps)}`],
  };
}

async function open({ baseUrl }, name, { path }) {
  const members = Array.from({ length: REPLICAS }, () => startProcess(name));
  for (const member of members) {
    await member.call('open', { baseUrl, path, concurrency: CONCURRENCY });
  }
  return members;
}

/** Jobs of the size of a login, each added by one worker; or by all, as replicas do, which all get each event. */
async function addJobs(workers, { passport, claims }, count, { byAll = false } = {}) {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  const data = { type: 'approved', passport, claims, receivedAt: Date.now(), done: [] };
  const share = Math.ceil(count / workers.length);
  await Promise.all(
    workers.map((worker, index) =>
      worker.call('add', {
        ids: byAll ? ids : ids.slice(index * share, (index + 1) * share),
        data,
        jobId: byAll,
      }),
    ),
  );
}

/** Handles `count` logins once. @returns the rate, and what a login costs */
async function run(redis, { fleet, prepare, begin }, count) {
  await prepare?.();
  const before = { redis: await redis.usage(), fleet: await takeAll(fleet) };
  const beginning = begin();
  const taken = [];
  for (let left = count; left > 0;) {
    await sleep(20);
    const parts = await takeAll(fleet);
    taken.push(...parts.filter((part) => part.count > 0));
    left -= parts.reduce((sum, part) => sum + part.count, 0);
    if (left < 0) throw new Error(`${-left} logins were handled twice`);
  }
  await beginning;
  await sleep(REST_MS);
  const after = { redis: await redis.usage(), fleet: await takeAll(fleet) };
  const firstAt = taken.reduce(
    (least, part) => (part.firstAt < least ? part.firstAt : least),
    taken[0].firstAt,
  );
  const lastAt = taken.reduce(
    (most, part) => (part.lastAt > most ? part.lastAt : most),
    taken[0].lastAt,
  );
  return {
    perSecond: count / (Number(lastAt - firstAt) / 1e9),
    fleet: (cpuOf(after.fleet) - cpuOf(before.fleet)) / count,
    redis: (after.redis.cpuMicroseconds - before.redis.cpuMicroseconds) / count,
    scripts: (after.redis.scripts - before.redis.scripts) / count,
    commands: (after.redis.commands - before.redis.commands) / count,
  };
}

function takeAll(fleet) {
  return Promise.all(fleet.map((member) => member.call('take')));
}

function cpuOf(parts) {
  return parts.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0);
}

/** Medians of the rounds that count. */
function breakdown(measured, warmUps) {
  const lines = {
    'processor time of the three processes, µs': (result) => result.fleet,
    'processor time of Redis, µs': (result) => result.redis,
    'scripts that Redis ran': (result) => result.scripts,
    'commands that Redis ran, also in scripts': (result) => result.commands,
    'logins a second': (result) => result.perSecond,
  };
  const results = Object.values(measured).map((each) => each.slice(warmUps));
  return markdownTable([
    ['per login', ...Object.keys(measured)],
    ...Object.entries(lines).map(([name, valueOf]) => [
      name,
      ...results.map((each) => number(median(each.map(valueOf)))),
    ]),
  ]);
}
