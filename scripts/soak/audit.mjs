/** The deliveries that one login may have, in order. */
const GOOD_COURSES = new Set([
  '',
  'approved',
  'expired by platform',
  'expired by local',
  'expired by local, approved',
]);
/** A login without news for this long is judged and forgotten. */
const QUIET_MS = 150_000;
const MAX_STORIES = 10;
/** The part of the timeline that belongs to the story of a login. */
const SURROUNDINGS_MS = 5_000;
const TIMELINE_ENTRIES = 5_000;

/**
 * Compares what the platform did with each login with what the site's handler got.
 *
 * 1. Every login that the site created gets an outcome.
 * 2. No login gets an outcome twice, or one that the platform does not confirm.
 * 3. No forged approval reaches the handler.
 * 4. An event that the platform sends in a calm phase reaches the handler.
 */
export class Audit {
  /** Agents that may appear in a passport. */
  agents = new Set();
  violations = 0;
  stories = [];
  /** How many logins took which course. */
  courses = {};
  /** Milliseconds from the platform to the handler, for approvals of calm phases. */
  latencies = [];
  calms = { sound: 0, broken: 0 };
  #logins = new Map();
  #judged = new Set();
  #timeline = [];
  #calm;
  #awaited = new Map();

  /** The login with this id; logins unknown so far are added. */
  login(id) {
    const known = this.#logins.get(id);
    if (known) return known;
    const login = { id, own: false, status: 'PENDING', deliveries: [], notes: [], touchedAt: 0 };
    this.#logins.set(id, login);
    return login;
  }

  note(id, text) {
    const login = this.login(id);
    login.touchedAt = Date.now();
    login.notes.push({ at: Date.now(), text });
    return login;
  }

  /** Something that concerns the whole connection: a fault, a phase, a stream. */
  event(text) {
    this.#timeline.push({ at: Date.now(), text });
    if (this.#timeline.length > TIMELINE_ENTRIES) this.#timeline.splice(0, TIMELINE_ENTRIES / 2);
  }

  /** The platform has sent the outcome of a login to `streams` streams. */
  sent(id, streams) {
    const login = this.note(id, `${this.login(id).status} sent to ${streams} streams`);
    login.sentAt ??= now();
    if (!this.#calm?.marks || streams === 0) return;
    login.calm = true;
    this.#calm.logins.push(login);
  }

  /** The site's handler was called. */
  delivered({ type, requestId: id, origin, passport, agentId, at }) {
    if (this.#judged.has(id)) return this.#accuse(id, 'was delivered again after a long time', []);
    if (!this.#logins.has(id)) return this.#accuse(id, 'was delivered and never existed', []);
    const login = this.note(id, `handler: ${type}${origin ? ` by ${origin}` : ''}`);
    const forged =
      type === 'approved' && (passport !== login.passport || !this.agents.has(agentId));
    login.deliveries.push({ course: origin ? `${type} by ${origin}` : type, at, forged });
    this.#awaited.get(id)?.();
  }

  /** @returns {Promise<boolean>} whether the handler gets this login within `ms` milliseconds */
  whenDelivered(id, ms) {
    return new Promise((resolve) => {
      const end = (delivered) => {
        clearTimeout(timer);
        this.#awaited.delete(id);
        resolve(delivered);
      };
      const timer = setTimeout(() => end(false), ms);
      this.#awaited.set(id, () => end(true));
    });
  }

  /** From now on the stream must not lose anything. */
  beginCalm() {
    this.event('calm phase begins');
    this.#calm = { marks: true, logins: [] };
  }

  /** The calm phase is about to end: events that are sent now do not count. */
  stopMarking() {
    if (this.#calm) this.#calm.marks = false;
  }

  /** Events of the calm phase that have not reached the handler. */
  get undelivered() {
    return this.#calm?.logins.filter((login) => login.calm && isMissing(login)).length ?? 0;
  }

  endCalm() {
    this.event('calm phase ends');
    if (this.#calm) this.calms.sound++;
    this.#calm = undefined;
  }

  /** A stream ended. In a calm phase events can have been lost with it, so that the phase does not count. */
  streamClosed() {
    this.event('stream closed');
    if (!this.#calm) return;
    for (const login of this.#calm.logins) login.calm = false;
    this.#calm = undefined;
    this.calms.broken++;
  }

  /** Logins of which an outcome is still expected. */
  get open() {
    let open = 0;
    for (const login of this.#logins.values()) {
      if (login.own && login.deliveries.length === 0) open++;
    }
    return open;
  }

  /** Judges logins without news for a while; all of them at the end. */
  judge({ all = false } = {}) {
    const quietSince = Date.now() - QUIET_MS;
    for (const login of this.#logins.values()) {
      if (!all && login.touchedAt > quietSince) continue;
      this.#logins.delete(login.id);
      this.#judged.add(login.id);
      const course = courseOf(login) || 'no outcome delivered';
      const key = `${login.own ? 'created by the site' : 'by another process'}: ${course}`;
      this.courses[key] = (this.courses[key] ?? 0) + 1;
      const [last] = login.deliveries.slice(-1);
      if (login.calm && last?.course === 'approved') this.latencies.push(last.at - login.sentAt);
      for (const what of violationsOf(login)) this.#accuse(login.id, what, this.#storyOf(login));
    }
  }

  /** Something is wrong that does not belong to one login. */
  accuse(what) {
    this.#accuse('soak', what, []);
  }

  #accuse(id, what, story) {
    this.violations++;
    if (this.stories.length < MAX_STORIES) this.stories.push({ id, what, story });
  }

  #storyOf({ notes, sentAt, status, own }) {
    const [first] = notes;
    const from = (sentAt ?? first.at) - SURROUNDINGS_MS;
    const to = (sentAt ?? first.at) + SURROUNDINGS_MS;
    const line = ({ at, text }) => `${(at - first.at).toFixed(0).padStart(7)} ms  ${text}`;
    return [
      `${own ? 'created by the site' : 'created by another process'}, ${status} on the platform`,
      ...notes.map(line),
      'meanwhile:',
      ...this.#timeline.filter(({ at }) => at >= from && at <= to).map(line),
    ];
  }
}

/** Milliseconds on a clock that all processes of the soak share. */
export function now() {
  return performance.timeOrigin + performance.now();
}

function courseOf({ deliveries }) {
  return deliveries.map(({ course }) => course).join(', ');
}

/** An approval has to arrive also behind a local expiry. */
function isMissing({ status, deliveries }) {
  if (status !== 'APPROVED') return deliveries.length === 0;
  return !deliveries.some(({ course }) => course === 'approved');
}

function violationsOf(login) {
  const course = courseOf(login);
  const { own, status, deliveries, calm } = login;
  const found = [];
  if (own && deliveries.length === 0) found.push('got no outcome');
  if (!GOOD_COURSES.has(course)) found.push(`was delivered as: ${course}`);
  if (deliveries.some(({ forged }) => forged)) found.push('was delivered with a forged passport');
  if (course.includes('approved') && status !== 'APPROVED') {
    found.push(`was delivered as approved, and is ${status} on the platform`);
  }
  if (course === 'expired by platform' && status !== 'EXPIRED') {
    found.push(`was delivered as expired by the platform, and is ${status} there`);
  }
  if (calm && isMissing(login)) found.push(`was lost: ${status} was sent in a calm phase`);
  return found;
}
