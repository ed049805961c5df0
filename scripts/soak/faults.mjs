import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, chance, exponential, pick, weighted, whole } from './random.mjs';

const MEAN_PAUSE_MS = 800;

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {number} weight how often it comes, compared with the others
 * @property {number} [pauseMs] how long it stays away after its end
 * @property {(platform: object) => unknown} run gets the platform of `platform.mjs`
 */

/** For a while calls of one kind are answered with an error. */
const errors = (call, least, most) => async (platform) => {
  let over = false;
  platform.lime.faults.respond(call, {
    status: pick([500, 502, 503]), // after a refusal (401, 403, 404) the site would wait for half a minute
    body: 'not now',
    times: Infinity,
    when: () => !over,
  });
  if (call === 'events') platform.lime.faults.dropStreams();
  await sleep(between(least, most));
  over = true;
};

/** Faults that must not cost an event. @type {Fault[]} */
export const HARMLESS_FAULTS = [
  { name: 'status call fails (5xx)', weight: 2, run: errors('status', 200, 3_000) },
  { name: 'create call fails (5xx)', weight: 2, run: errors('create', 50, 800) },
  {
    name: 'create call: answers lost, resets, delays',
    weight: 3,
    run({ lime: { faults } }) {
      faults.loseAnswer('create', whole(0, 4));
      faults.reset('create', whole(0, 4));
      faults.delay('create', between(10, 300), whole(1, 10));
      faults.delay('status', between(10, 300), whole(1, 10));
    },
  },
  { name: 'JWKS unavailable (5xx)', weight: 3, pauseMs: 20_000, run: errors('jwks', 500, 5_000) },
  {
    name: 'JWKS slow or reset',
    weight: 2,
    run({ lime: { faults } }) {
      if (chance(0.5)) faults.reset('jwks', 1);
      else faults.delay('jwks', between(50, 1_000), 1);
    },
  },
  {
    name: 'key added',
    weight: 2,
    pauseMs: 15_000, // the site fetches the JWKS for an unknown key id once in 10 s
    // A JWKS has a largest size that the site accepts.
    run: ({ lime }) => lime.publishedKeys().keys.length < 6 && lime.rotateKeys(),
  },
  {
    name: 'every event repeated',
    weight: 3,
    async run({ lime: { faults } }) {
      faults.duplicateEvents(whole(2, 4));
      await sleep(between(300, 3_000));
      faults.duplicateEvents(1);
    },
  },
  {
    name: 'old approvals sent again',
    weight: 4,
    run({ lime, approvals, audit }) {
      for (let left = approvals.length && whole(1, 20); left > 0; left--) {
        const { requestId, passport } = pick(approvals);
        audit.note(requestId, 'approval sent again');
        lime.send(approvalFrame(requestId, passport));
      }
    },
  },
  {
    name: 'garbage',
    weight: 8,
    run({ lime }) {
      for (let left = whole(1, 10); left > 0; left--) lime.send(pick(GARBAGE));
    },
  },
  {
    name: 'forged approvals',
    weight: 12,
    async run({ lime, pending, approvals, audit }) {
      const ids = [...pending];
      for (let left = ids.length && whole(1, 8); left > 0; left--) {
        const id = pick(ids);
        const other = approvals.find(({ requestId }) => requestId !== id)?.passport;
        const { name, passport } = await forge(lime, id, other);
        audit.note(id, `forged approval sent: ${name}`);
        lime.send(approvalFrame(id, passport));
      }
    },
  },
  {
    name: 'burst of logins',
    weight: 2,
    pauseMs: 10_000,
    async run({ lime, approve }) {
      const approvals = [];
      for (let left = whole(300, 2_500); left > 0; left--) {
        const { requestId } = lime.createLoginRequest();
        if (left % 3 === 0) approvals.push(approve(requestId));
        else lime.expire(requestId);
      }
      await Promise.all(approvals);
    },
  },
];

/** All faults. @type {Fault[]} */
export const FAULTS = [
  ...HARMLESS_FAULTS,
  { name: 'stream ended', weight: 8, run: ({ lime }) => lime.faults.dropStreams() },
  { name: 'stream reset', weight: 5, run: ({ lime }) => lime.faults.resetStreams() },
  {
    name: 'stream frozen',
    weight: 3,
    pauseMs: 8_000,
    async run({ lime: { faults } }) {
      faults.freezeStreams();
      await sleep(between(200, 9_000));
      faults.unfreezeStreams();
    },
  },
  { name: 'stream refused (5xx)', weight: 3, pauseMs: 5_000, run: errors('events', 100, 2_000) },
  {
    name: 'stream without an answer',
    weight: 1,
    pauseMs: 20_000,
    run({ lime: { faults } }) {
      faults.hang('events', 1);
      faults.dropStreams();
    },
  },
  {
    name: 'keepalives paused',
    weight: 2,
    async run({ lime: { faults } }) {
      faults.pauseKeepalives();
      await sleep(between(500, 4_000));
      faults.resumeKeepalives();
    },
  },
  {
    name: 'keys withdrawn',
    weight: 1,
    pauseMs: 15_000,
    run: ({ lime }) => lime.rotateKeys({ keepOld: false }),
  },
  {
    name: 'frame too long',
    weight: 1,
    pauseMs: 10_000,
    run: ({ lime }) => lime.send(`data: ${'x'.repeat(300 * 1024)}\n\n`),
  },
  {
    name: 'events dropped by the platform',
    weight: 2,
    run: ({ lime }) => lime.faults.loseEvents(whole(1, 10)),
  },
  // Until the phase ends.
  { name: 'expiries not sent', weight: 2, run: ({ lime }) => lime.faults.missExpiry() },
  {
    name: 'platform stalled',
    weight: 2,
    pauseMs: 5_000,
    run({ lime }) {
      block(between(100, 4_000));
      // The platform does not know yet whether the site has left meanwhile.
      if (chance(0.5)) lime.faults.dropStreams();
    },
  },
  {
    name: 'platform restarted',
    weight: 1,
    pauseMs: 20_000,
    run: ({ restart }) => restart(between(100, 2_500)),
  },
];

/** Runs faults at random, several at once, but none twice at the same time. */
export class Faults {
  /** How often each one came. */
  counts = Object.fromEntries(FAULTS.map(({ name }) => [name, 0]));
  #platform;
  #running = new Map();
  #resting = new Map();

  constructor(platform) {
    this.#platform = platform;
  }

  isRunning(name) {
    return this.#running.has(name);
  }

  /** @returns when `ms` milliseconds have passed and the last fault is over */
  async run(ms, faults) {
    const endAt = performance.now() + ms;
    for (;;) {
      await sleep(exponential(MEAN_PAUSE_MS));
      if (performance.now() > endAt) break;
      const fault = weighted(faults);
      if (this.#mayStart(fault)) this.#start(fault);
    }
    await Promise.all(this.#running.values());
  }

  #mayStart({ name }) {
    // While the platform is away nothing else can happen to it.
    if (this.isRunning('platform restarted') || this.isRunning(name)) return false;
    return performance.now() >= (this.#resting.get(name) ?? 0);
  }

  #start({ name, pauseMs = 0, run }) {
    this.counts[name]++;
    this.#platform.audit.event(`fault: ${name}`);
    const ended = this.#inflict(run).then(() => {
      this.#running.delete(name);
      this.#resting.set(name, performance.now() + pauseMs);
    });
    this.#running.set(name, ended);
  }

  async #inflict(run) {
    try {
      await run(this.#platform);
    } catch (error) {
      // The platform was restarted meanwhile.
      if (error.code !== 'SANDBOX_STOPPED') throw error;
    }
  }
}

/** Stops this thread, as a busy machine does. */
export function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Frames without a meaning. Each is complete, so that it does not harm the next one. */
const GARBAGE = [
  ': a comment\n\n',
  ':\r\n\r\n',
  'data\n\n',
  'data: no json\n\n',
  'data: {"type":"approved"\n\n',
  'data: {"type":"approved"}\n\n',
  'data: {"type":"approved","login_request_id":null,"agent_passport_jwt":"a.b.c"}\n\n',
  'data: {"type":"approved","login_request_id":"lr_unheard-of"}\n\n',
  'data: {"type":"approved","login_request_id":"lr_unheard-of","agent_passport_jwt":"a.b.c"}\n\n',
  'data: {"type":"expired","login_request_id":{}}\n\n',
  'data: [1,2,3]\n\ndata: null\n\ndata: 7\n\n',
  'data: {"type":"error","code":"CHANNEL_DOWN","message":"redis unavailable"}\n\n',
  'data: {"type":"challenge"}\r\n\r\n',
  'event: something\nid: 7\nretry: 60\ndata: {"type":\ndata: "keepalive"}\n\n',
  'id\nretry: never\nunknown: field\n\n',
  Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0xc3, 0x0a, 0x0a]),
];

const OTHER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** Approvals that must never reach the handler. */
async function forge(lime, requestId, passportOfAnother) {
  const claims = { request_id: requestId, sub: 'forged' };
  const kinds = {
    'passport of another request': () => passportOfAnother ?? lime.signPassport(),
    'other key with the same kid': () => lime.signPassport(claims, { key: OTHER_KEY }),
    'other audience': () => lime.signPassport(claims, { audience: 'lime-binding' }),
    'lives too long': () => lime.signPassport(claims, { ttlSeconds: 3_600 }),
    'out of date': () => lime.signPassport(claims, { issuedAt: Date.now() / 1000 - 600 }),
    'no signature': () => lime.signPassport(claims, { alg: 'none' }),
    'unknown key': () => lime.signPassport(claims, { kid: 'unheard-of', ttlSeconds: 2 }),
  };
  // An unknown key uses up the fetch that a new key needs, so it comes rarely.
  const names = Object.keys(kinds);
  const name = chance(0.02) ? 'unknown key' : pick(names.slice(0, -1));
  return { name, passport: await kinds[name]() };
}

function approvalFrame(requestId, passport) {
  return { type: 'approved', login_request_id: requestId, agent_passport_jwt: passport };
}
