import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LimeSandbox } from '../../dist/testing/index.js';
import { now } from './now.mjs';

const REQUEST_TTL_MS = 6_000;
const OPTIONS = {
  requestTtlMs: REQUEST_TTL_MS,
  keepaliveMs: 500,
  passportTtlSeconds: 60,
  siteToken: 'st_soak',
  // Under a new name after each restart; to make one takes seconds on a busy machine.
  signingKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const REMEMBERED_APPROVALS = 500;
/** None of them means that something is wrong with the site: it would wait for half a minute. */
const CANNED_STATUS = [500, 502, 503];

/** LIME, with agents who approve or not, and an audit that is told everything. */
export class SoakPlatform {
  /** The HTTP status that calls of one kind are answered with for as long as it is set. */
  answers = { events: undefined, status: undefined, create: undefined, jwks: undefined };
  /** Requests without an outcome. */
  pending = new Set();
  /** The last approvals, for replays. */
  approvals = [];
  lime;
  #graceful = false;
  #undecided = false;
  #away = false;
  #thawed;
  #kids = [];

  constructor(audit, random) {
    this.audit = audit;
    this.random = random;
  }

  async start(port = 0) {
    const lime = await LimeSandbox.start({ ...OPTIONS, port });
    this.lime = lime;
    this.audit.agents.add(lime.agent.agentId);
    this.#withdrawAll();
    this.#answerAsTold();
    lime.onActivity((activity) => this.#hear(activity));
  }

  /** The platform is away for a while and has forgotten everything when it comes back. */
  async restart(downMs) {
    const { port } = this.lime;
    const over = this.audit.disturbances.open('the platform restarted');
    this.#thaw();
    this.#away = true;
    await this.lime.stop();
    for (const id of this.pending) this.audit.record(id).note('the platform forgot it');
    this.pending.clear();
    await sleep(downMs);
    for (let attempt = 0; attempt < 50; attempt++) {
      const error = await this.start(port).then(
        () => undefined,
        (thrown) => thrown,
      );
      if (!error) break;
      if (error.code !== 'SANDBOX_LISTEN_FAILED' || attempt === 49) throw error;
      await sleep(100);
    }
    this.#away = false;
    over();
  }

  /** A clean end: what was sent before arrives. */
  dropStreams() {
    this.#graceful = true;
    this.lime.faults.dropStreams();
    this.#graceful = false;
  }

  freezeStreams() {
    this.#thawed ??= this.audit.disturbances.open('the stream was frozen');
    this.lime.faults.freezeStreams();
  }

  /** Ends every fault that is under way. */
  heal() {
    for (const call of Object.keys(this.answers)) this.answers[call] = undefined;
    this.clearFaults();
  }

  /** Ends what only `clear()` can end. */
  clearFaults() {
    this.lime.faults.clear();
    this.#thaw();
    this.#answerAsTold();
  }

  thawStreams() {
    this.lime.faults.unfreezeStreams();
    this.#thaw();
  }

  async rotateKeys() {
    // A published set has a largest size that the site accepts.
    const keepOld = this.#kids.length < 5 && this.random.chance(0.6);
    if (!keepOld) this.#withdrawAll(await this.lime.rotateKeys({ keepOld }));
    else this.#kids.push((await this.lime.rotateKeys({ keepOld })).kid);
    return keepOld;
  }

  /** A login of another process of the site. */
  createForeign() {
    if (!this.#away) this.lime.createLoginRequest();
  }

  /** Logins of another process of the site, all at once. */
  async burst(count) {
    const caughtUp = this.audit.disturbances.burst();
    const approvals = [];
    for (let left = count; left > 0; left--) {
      const requestId = this.#createUndecided();
      if (left % 3 === 0) approvals.push(this.approve(requestId));
      else this.lime.expire(requestId);
    }
    await Promise.all(approvals);
    const last = this.#createUndecided();
    this.audit.record(last).onDelivered = caughtUp;
    this.lime.expire(last);
  }

  async approve(requestId) {
    const record = this.audit.record(requestId);
    try {
      const { passport } = await this.lime.approve(requestId);
      record.approvedWith(passport);
      this.approvals.push({ requestId, passport });
      if (this.approvals.length > REMEMBERED_APPROVALS) this.approvals.shift();
    } catch (error) {
      record.note(`cannot be approved: ${error.code}`);
    }
  }

  /** A request whose outcome is nobody's decision yet. */
  #createUndecided() {
    this.#undecided = true;
    try {
      return this.lime.createLoginRequest().requestId;
    } finally {
      this.#undecided = false;
    }
  }

  #hear(activity) {
    const { kind, requestId } = activity;
    const { audit } = this;
    if (kind === 'request-created') {
      this.pending.add(requestId);
      audit.record(requestId).note('created');
      if (!this.#undecided) this.#decide(requestId);
    } else if (kind === 'approved' || kind === 'expired') {
      this.pending.delete(requestId);
      audit.record(requestId).status = kind.toUpperCase();
      audit.record(requestId).note(kind);
    } else if (kind === 'delivered' || kind === 'swallowed') {
      audit.record(requestId).sent(activity.streams ?? 0, kind === 'swallowed');
    } else if (kind === 'stream-opened') {
      audit.disturbances.siteConnected();
      audit.timeline.note('platform: stream opened');
    } else if (kind === 'stream-closed') {
      audit.timeline.note(`platform: stream ${this.#graceful ? 'ended' : 'broke'}`);
      if (!this.#graceful) audit.disturbances.add('the stream broke');
    }
  }

  /** What becomes of a request. Those of which nobody thinks expire. */
  #decide(requestId) {
    const { random, lime } = this;
    const draw = random.fraction();
    const approve = () => void this.approve(requestId);
    const expire = () => {
      // The platform may have been started anew.
      if (lime === this.lime && this.pending.has(requestId)) lime.expire(requestId);
    };
    if (draw < 0.7) setTimeout(approve, random.exponential(1_200));
    else if (draw < 0.78)
      setTimeout(approve, random.between(REQUEST_TTL_MS - 120, REQUEST_TTL_MS + 20));
    else if (draw < 0.86) setTimeout(expire, random.exponential(1_500));
  }

  #withdrawAll({ kid } = this.lime.publishedKeys().keys[0]) {
    this.audit.keys.withdraw(this.#kids, now());
    this.#kids = [kid];
  }

  #answerAsTold() {
    for (const call of Object.keys(this.answers)) {
      for (const status of CANNED_STATUS) {
        const when = () => this.answers[call] === status;
        this.lime.faults.respond(call, { status, when, times: Infinity, body: 'not now' });
      }
    }
  }

  #thaw() {
    this.#thawed?.();
    this.#thawed = undefined;
  }
}
