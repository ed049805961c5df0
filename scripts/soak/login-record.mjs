import { kidOf } from './key-history.mjs';
import { now } from './now.mjs';

/** The whole course of deliveries that a request may have. */
const GOOD_COURSES = new Set([
  '',
  'approved',
  'expired by platform',
  'expired by local',
  'expired by local, approved',
]);
/** An approval waits so long at most behind a forged one whose key nobody knows. */
const HELD_MS = 20_000;
/** What happened to the line so shortly before and after belongs to the story of a login. */
const SURROUNDINGS_MS = 5_000;

/** One login request: what the platform did with it, and what the site was told. */
export class LoginRecord {
  /** Whether the site knows that it created it, so that it has to be settled. */
  own = false;
  status = 'PENDING';
  passport = '';
  kid = '';
  /** Called when the handler hears of it. */
  onDelivered = () => undefined;
  /** A forged approval with an unknown key was sent for it. */
  held = false;
  lastTouchedAt = now();
  sends = [];
  deliveries = [];
  #story = [];

  constructor(id) {
    this.id = id;
  }

  note(text, at = now()) {
    this.lastTouchedAt = Math.max(this.lastTouchedAt, at);
    this.#story.push({ at, text });
  }

  approvedWith(passport) {
    this.passport = passport;
    this.kid = kidOf(passport);
  }

  sent(streams, swallowed) {
    const send = { type: this.status, at: now(), streams, swallowed };
    if (this.sends.length === 0) this.sends.push(send);
    const what = swallowed ? 'swallowed' : `sent to ${streams} streams`;
    this.note(`${this.status} ${what}`, send.at);
  }

  delivered({ type, origin, passport, agentId }, at, agents) {
    const genuine =
      type === 'expired' || (passport === this.passport && agents.has(agentId) && passport !== '');
    this.deliveries.push({ type, origin, at, genuine });
    this.onDelivered();
    this.note(`handler: ${type}${origin ? ` by ${origin}` : ''}${genuine ? '' : ', FORGED'}`, at);
  }

  get settled() {
    return this.deliveries.length > 0;
  }

  get course() {
    return this.deliveries
      .map(({ type, origin }) => (origin ? `${type} by ${origin}` : type))
      .join(', ');
  }

  /** The first event of the platform, if nothing stood in its way. */
  safeSend({ disturbances, keys }) {
    const [send] = this.sends;
    if (!send || send.streams === 0 || send.swallowed || disturbances.of(send.at)) return undefined;
    const heldMs = this.held ? HELD_MS : 0;
    const { type, at } = send;
    if (type === 'APPROVED' && keys.mayBeMissing(this.kid, at, disturbances, heldMs))
      return undefined;
    return send;
  }

  /** Whether nothing more is waited for. */
  isComplete(surroundings) {
    return this.complaints(surroundings).length === 0;
  }

  /** What must not be. */
  complaints(surroundings) {
    const { course, deliveries } = this;
    const complaints = [];
    if (!GOOD_COURSES.has(course)) complaints.push(`was settled as: ${course}`);
    if (this.own && !this.settled) complaints.push('was never settled');
    if (deliveries.some(({ genuine }) => !genuine))
      complaints.push('a forged approval came through');
    if (course.includes('approved') && this.status !== 'APPROVED')
      complaints.push('was approved by nobody');
    if (course === 'expired by platform' && this.status !== 'EXPIRED')
      complaints.push(`was expired by the platform, which says ${this.status}`);
    if (this.#misses('APPROVED', !course.endsWith('approved'), surroundings))
      complaints.push('its approval was sent on an undisturbed stream and did not arrive');
    if (this.#misses('EXPIRED', !this.settled, surroundings))
      complaints.push('its expiry was sent on an undisturbed stream and did not arrive');
    return complaints;
  }

  /** To find out whether the line was disturbed takes long, so it is asked last. */
  #misses(type, absent, surroundings) {
    return absent && this.sends[0]?.type === type && this.safeSend(surroundings) !== undefined;
  }

  /** How long the approval took to the handler, in milliseconds. */
  latency(send) {
    const approved = this.deliveries.find(({ type }) => type === 'approved');
    return approved && send?.type === 'APPROVED' ? approved.at - send.at : undefined;
  }

  story(surroundings) {
    const { disturbances, keys, timeline } = surroundings;
    const [send] = this.sends;
    const why = send && disturbances.of(send.at);
    const key = keys.mayBeMissing(this.kid, send?.at ?? 0, disturbances, 0);
    const [first] = this.#story;
    const line = ({ at, text }) => `+${(at - first.at).toFixed(0)} ms ${text}`;
    return [
      ...this.#story.toSorted((a, b) => a.at - b.at).map(line),
      `at ${first.at.toFixed(0)}; disturbed: ${why ?? 'no'}; key withdrawn: ${key ? 'yes' : 'no'}`,
      ...timeline.around(send?.at ?? first.at, SURROUNDINGS_MS).map((entry) => `  ${line(entry)}`),
    ];
  }
}
