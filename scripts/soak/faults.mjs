import { setTimeout as sleep } from 'node:timers/promises';
import { block } from './block.mjs';
import { GARBAGE } from './garbage.mjs';

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {number} weight how often it comes, compared with the others
 * @property {number} [pauseMs] how long it does not come again after it is over
 * @property {(tools: import('./fault-schedule.mjs').FaultTools) => unknown} run
 */

/** For a while calls of one kind are answered with an error. */
const away =
  (call, least, most) =>
  async ({ platform, random }) => {
    platform.answers[call] = random.pick([500, 502, 503]);
    if (call === 'events') platform.dropStreams();
    await sleep(random.between(least, most));
    platform.answers[call] = undefined;
  };

/** Everything that goes wrong. Refusals (401, 403, 404) are left out: after one the site waits for half a minute. @type {Fault[]} */
export const FAULTS = [
  { name: 'stream ended', weight: 8, run: ({ platform }) => platform.dropStreams() },
  { name: 'stream reset', weight: 5, run: ({ platform }) => platform.lime.faults.resetStreams() },
  {
    name: 'stream frozen',
    weight: 3,
    pauseMs: 8_000,
    async run({ platform, random }) {
      platform.freezeStreams();
      await sleep(random.between(200, 4_500));
      platform.thawStreams();
    },
  },
  { name: 'stream refused (5xx)', weight: 3, pauseMs: 5_000, run: away('events', 100, 2_000) },
  {
    name: 'stream without an answer',
    weight: 1,
    pauseMs: 20_000,
    run({ platform }) {
      platform.lime.faults.hang('events', 1);
      platform.dropStreams();
    },
  },
  {
    name: 'keepalives paused',
    weight: 2,
    async run({ platform, random }) {
      platform.lime.faults.pauseKeepalives();
      await sleep(random.between(500, 4_000));
      platform.lime.faults.resumeKeepalives();
    },
  },
  { name: 'status call fails (5xx)', weight: 2, run: away('status', 200, 3_000) },
  { name: 'create call fails (5xx)', weight: 2, run: away('create', 50, 800) },
  {
    name: 'create call: answers lost, resets, delays',
    weight: 3,
    run({ platform: { lime }, random }) {
      lime.faults.loseAnswer('create', random.whole(0, 4));
      lime.faults.reset('create', random.whole(0, 4));
      lime.faults.delay('create', random.between(10, 300), random.whole(1, 10));
      lime.faults.delay('status', random.between(10, 300), random.whole(1, 10));
    },
  },
  { name: 'keys out of reach (5xx)', weight: 3, pauseMs: 20_000, run: away('jwks', 500, 5_000) },
  {
    name: 'keys slow or reset',
    weight: 2,
    run({ platform: { lime }, random }) {
      if (random.chance(0.5)) lime.faults.reset('jwks', 1);
      else lime.faults.delay('jwks', random.between(50, 1_000), 1);
    },
  },
  {
    name: 'keys rotated',
    weight: 3,
    pauseMs: 15_000, // the site asks for an unknown key once in 10 s
    run: ({ platform }) => platform.rotateKeys(),
  },
  {
    name: 'every event repeated',
    weight: 3,
    async run({ platform, random }) {
      platform.lime.faults.duplicateEvents(random.whole(2, 4));
      await sleep(random.between(300, 3_000));
      platform.lime.faults.duplicateEvents(1);
    },
  },
  {
    name: 'old approvals sent again',
    weight: 4,
    run({ platform, random, audit }) {
      if (platform.approvals.length === 0) return;
      for (let left = random.whole(1, 20); left > 0; left--) {
        const { requestId, passport } = random.pick(platform.approvals);
        audit.record(requestId).note('approval sent again');
        const frame = { login_request_id: requestId, agent_passport_jwt: passport };
        platform.lime.send({ type: 'approved', ...frame });
      }
    },
  },
  {
    name: 'garbage',
    weight: 8,
    run({ platform, random }) {
      for (let left = random.whole(1, 10); left > 0; left--) {
        platform.lime.send(random.pick(GARBAGE));
      }
    },
  },
  {
    name: 'frame too long',
    weight: 1,
    pauseMs: 10_000,
    run({ platform, audit }) {
      audit.disturbances.add('a frame was too long');
      platform.lime.send(`data: ${'x'.repeat(300 * 1024)}\n\n`);
    },
  },
  {
    name: 'forged approvals',
    weight: 12,
    async run({ platform, random, audit, forgeries }) {
      const ids = [...platform.pending];
      if (ids.length === 0) return;
      for (let left = random.whole(1, 8); left > 0; left--) {
        const id = random.pick(ids);
        const another = random.pick(platform.approvals)?.passport;
        const { name, frame, held } = await forgeries.make(platform.lime, id, another);
        if (another === undefined || audit.record(id).passport !== another) {
          audit.record(id).note(`forged approval sent (${name})`);
          audit.record(id).held ||= held;
          platform.lime.send(frame);
        }
      }
    },
  },
  {
    name: 'events swallowed by the platform',
    weight: 2,
    run: ({ platform, random }) => platform.lime.faults.loseEvents(random.whole(1, 10)),
  },
  {
    name: 'expiries not sent',
    weight: 2,
    pauseMs: 5_000,
    async run({ platform, random }) {
      platform.lime.faults.missExpiry();
      await sleep(random.between(500, 3_000));
      platform.clearFaults();
    },
  },
  {
    name: 'burst of logins',
    weight: 2,
    pauseMs: 10_000,
    run: ({ platform, random }) => platform.burst(random.whole(300, 2_500)),
  },
  {
    name: 'platform stalled',
    weight: 2,
    pauseMs: 5_000,
    run({ platform, random }) {
      block(random.between(100, 4_000));
      // The site may have left by then, which is not known here yet.
      if (random.chance(0.5)) platform.dropStreams();
    },
  },
  {
    name: 'site stalled',
    weight: 2,
    pauseMs: 5_000,
    run: ({ random, stallSite }) => stallSite(random.between(100, 4_000)),
  },
  {
    name: 'platform restarted',
    weight: 1,
    pauseMs: 20_000,
    run: ({ platform, random }) => platform.restart(random.between(100, 2_500)),
  },
];
