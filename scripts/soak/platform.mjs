// LIME in a process of its own: a sandbox with agents who approve or do not, faults in phases, and the audit.
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LimeSandbox } from '../../dist/testing/index.js';
import { Audit, now } from './audit.mjs';
import { HARMLESS_FAULTS, FAULTS, Faults } from './faults.mjs';
import { between, chance, exponential } from './random.mjs';

const REQUEST_TTL_MS = 6_000;
const OPTIONS = {
  requestTtlMs: REQUEST_TTL_MS,
  keepaliveMs: 500,
  passportTtlSeconds: 60,
  siteToken: 'st_soak',
  // Shared by all restarts, because making a key takes seconds on a busy machine.
  signingKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const REMEMBERED_APPROVALS = 500;
/** An event of a calm phase may wait for a JWKS that is away for five seconds, and for its cooldown. */
const CALM_DELIVERY_MS = 45_000;
/** After the last fault the site may wait for the end of a passport's life. */
const LAST_OUTCOME_MS = 140_000;
/** A second delivery would come within this time. */
const AFTERMATH_MS = 2_000;

const audit = new Audit();

/** The platform as faults see it. */
const platform = {
  /** @type {LimeSandbox} */
  lime: undefined,
  audit,
  /** Ids without an outcome. */
  pending: new Set(),
  /** The last approvals, for replays. */
  approvals: [],

  async approve(requestId) {
    try {
      const { passport } = await platform.lime.approve(requestId);
      audit.login(requestId).passport = passport;
      platform.approvals.push({ requestId, passport });
      if (platform.approvals.length > REMEMBERED_APPROVALS) platform.approvals.shift();
    } catch (error) {
      audit.note(requestId, `cannot be approved: ${error.code}`);
    }
  },

  /** The platform is away for a while and has forgotten everything when it comes back. */
  async restart(downMs) {
    const { port } = platform.lime;
    await platform.lime.stop();
    for (const id of platform.pending) audit.note(id, 'the platform forgot it');
    platform.pending.clear();
    await sleep(downMs);
    await listen(port);
  },
};
const faults = new Faults(platform);
/** Creates logins of another process of the site now and then. */
let creatingForeign;

/** @returns where the site finds it */
export async function start() {
  await listen(0);
  setInterval(() => audit.judge(), 5_000).unref();
  creatingForeign = setInterval(() => chance(0.5) && createForeign(), 100).unref();
  return platform.lime.moduleOptions();
}

/** All faults, several at once. */
export async function rough({ ms }) {
  audit.event('rough phase begins');
  await faults.run(ms, FAULTS);
  heal();
}

/** Only faults that must not cost an event. What is sent between two events that got through has to arrive. */
export async function calm({ ms }) {
  await untilEventsGetThrough();
  audit.beginCalm();
  await faults.run(ms, HARMLESS_FAULTS);
  heal();
  audit.stopMarking();
  const giveUpAt = now() + CALM_DELIVERY_MS;
  while (audit.undelivered > 0 && now() < giveUpAt) await sleep(50);
  audit.endCalm();
}

/** Waits until every login has an outcome, and judges all. */
export async function finish() {
  clearInterval(creatingForeign);
  const giveUpAt = now() + LAST_OUTCOME_MS;
  while ((audit.open > 0 || platform.pending.size > 0) && now() < giveUpAt) await sleep(200);
  await sleep(AFTERMATH_MS);
  audit.judge({ all: true });
}

export function report() {
  const { violations, stories, courses, calms } = audit;
  const latencies = audit.latencies.toSorted((a, b) => a - b);
  const percentile = (share) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return {
    violations,
    stories,
    courses,
    calms,
    faults: faults.counts,
    open: audit.open,
    latency: { count: latencies.length, p50: percentile(0.5), p99: percentile(0.99) },
  };
}

/** The site knows the ids of the logins that it created. */
export function created({ id }) {
  audit.note(id, 'the site has its id').own = true;
}

export const delivered = (event) => audit.delivered(event);
export const connection = ({ state, code }) => audit.event(`site: ${state} ${code ?? ''}`);
export const stop = () => platform.lime.stop();

async function listen(port) {
  platform.lime = await LimeSandbox.start({ ...OPTIONS, port });
  audit.agents.add(platform.lime.agent.agentId);
  platform.lime.onActivity(note);
}

function heal() {
  platform.lime.faults.clear();
}

function createForeign() {
  // A sandbox that was stopped creates nothing.
  if (!faults.isRunning('platform restarted')) platform.lime.createLoginRequest();
}

/** Sends events until one reaches the handler. */
async function untilEventsGetThrough() {
  const giveUpAt = now() + LAST_OUTCOME_MS;
  for (;;) {
    const { requestId } = platform.lime.createLoginRequest();
    const arrives = audit.whenDelivered(requestId, 2_000);
    platform.lime.expire(requestId);
    if (await arrives) return;
    if (now() > giveUpAt) return audit.accuse('events do not get through without any fault');
  }
}

/** What the sandbox does. */
function note({ kind, requestId, streams }) {
  if (kind === 'request-created') {
    platform.pending.add(requestId);
    audit.note(requestId, 'created');
    decide(requestId);
  } else if (kind === 'approved' || kind === 'expired') {
    platform.pending.delete(requestId);
    audit.login(requestId).status = kind.toUpperCase();
  } else if (kind === 'delivered') {
    audit.sent(requestId, streams);
  } else if (kind === 'dropped') {
    audit.note(requestId, 'its event was dropped');
  } else if (kind === 'stream-opened') {
    audit.event('stream opened');
  } else if (kind === 'stream-closed') {
    audit.streamClosed();
  }
}

/** Most logins are approved, some at the last moment; some expire early, the others in time. */
function decide(requestId) {
  const { lime } = platform;
  const approve = () => platform.pending.has(requestId) && platform.approve(requestId);
  const expire = () => {
    if (lime === platform.lime && platform.pending.has(requestId)) lime.expire(requestId);
  };
  const draw = Math.random();
  if (draw < 0.7) setTimeout(approve, exponential(1_200));
  else if (draw < 0.78) setTimeout(approve, between(REQUEST_TTL_MS - 120, REQUEST_TTL_MS + 20));
  else if (draw < 0.86) setTimeout(expire, exponential(1_500));
}
