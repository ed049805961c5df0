// LIME, in a thread and a heap of its own, together with the audit of what it does and of what the site is told.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Audit } from './audit.mjs';
import { FaultSchedule } from './fault-schedule.mjs';
import { Forgeries } from './forgeries.mjs';
import { now } from './now.mjs';
import { SoakPlatform } from './platform.mjs';
import { Random } from './random.mjs';
import { watchStalls } from './stall-watch.mjs';

/** Everything has to be settled so long after the last fault; an approval may be held for 120 s. */
const SETTLE_MS = 140_000;
/** Repeats would come within this time. */
const AFTERMATH_MS = 2_000;
/** A second argument tells that the other side is a thread and not a window, which would be told the origin here. */
const NOTHING_TO_TRANSFER = [];
/** The site remembers so many settled requests. They are filled in first, so that the heap shows leaks and not this. */
const REMEMBERED_BY_SITE = 100_000;

const random = new Random(workerData.seed + 1);
const audit = new Audit();
const platform = new SoakPlatform(audit, random);
const forgeries = new Forgeries(random);
const stallSite = (ms) => parentPort.postMessage({ stallMs: ms }, NOTHING_TO_TRANSFER);
const faults = new FaultSchedule({ platform, random, audit, forgeries, stallSite });
let faultsRun = Promise.resolve();
let foreign;

const commands = {
  created: ({ id, at }) => audit.created(id, at),
  delivered: ({ event, at }) => audit.delivered(event, at),
  connection: ({ connection, at }) => audit.connection(connection, at),
  stalled: ({ from, to }) => stalled('site', from, to),

  async warmUp() {
    await platform.lime.whenStreamOpen();
    for (let index = 0; index < REMEMBERED_BY_SITE; index++) {
      const id = `warm-up-${String(index).padStart(31, '0')}`; // as long as a real one
      platform.lime.send({ type: 'expired', login_request_id: id });
      audit.warmUp.sent++;
      if (index % 1_000 === 0) await sleep(5);
    }
    while (audit.warmUp.delivered < audit.warmUp.sent) await sleep(50);
  },

  misbehave() {
    faultsRun = faults.run();
    foreign = setInterval(() => {
      // Logins that another process of the site started.
      if (random.chance(0.5)) platform.createForeign();
    }, 100);
    setInterval(() => audit.sweep(), 5_000).unref();
  },

  async settle() {
    faults.stop();
    clearInterval(foreign);
    await faultsRun;
    platform.heal();
    const giveUpAt = now() + SETTLE_MS;
    while ((audit.open > 0 || platform.pending.size > 0) && now() < giveUpAt) await sleep(200);
    await sleep(AFTERMATH_MS);
  },

  progress: () => ({ faults: faults.total, open: audit.open, pending: platform.pending.size }),

  async report() {
    audit.close();
    await platform.lime.stop();
    const { fates, violations, offenders, undisturbed, latency } = audit;
    return {
      fates,
      violations,
      offenders,
      undisturbed,
      faults: faults.counts,
      latency: {
        count: latency.count,
        p50: latency.percentile(0.5),
        p99: latency.percentile(0.99),
        most: latency.most,
      },
    };
  },
};

function stalled(who, from, to) {
  audit.disturbances.stall(from, to);
  audit.timeline.note(`${who}: stalled for ${(to - from).toFixed(0)} ms`, to);
}

parentPort.on('message', (message) => void obey(message));

async function obey({ command, call, ...payload }) {
  const result = await commands[command](payload);
  if (call !== undefined) answer(call, result);
}

// A busy platform notices late that a stream was closed.
watchStalls((from, to) => stalled('platform', from, to));
await platform.start();
answer(0, { baseUrl: platform.lime.baseUrl, siteToken: platform.lime.siteToken });

function answer(call, result) {
  parentPort.postMessage({ call, result }, NOTHING_TO_TRANSFER);
}
