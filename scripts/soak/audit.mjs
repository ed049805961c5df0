import { Disturbances } from './disturbances.mjs';
import { Histogram } from './histogram.mjs';
import { KeyHistory } from './key-history.mjs';
import { LoginRecord } from './login-record.mjs';
import { now } from './now.mjs';
import { Timeline } from './timeline.mjs';

/** A request of which nothing was heard for so long is judged and forgotten. */
const QUIET_MS = 150_000;
/** So many judged requests are remembered, so that a late repeat is known as one. */
const REMEMBERED = 300_000;
const MAX_OFFENDERS = 10;

/** The count that must come out even. */
export class Audit {
  disturbances = new Disturbances();
  keys = new KeyHistory();
  timeline = new Timeline();
  /** Agents that may appear in a passport. */
  agents = new Set();
  fates = {};
  violations = 0;
  offenders = [];
  undisturbed = 0;
  latency = new Histogram();
  warmUp = { sent: 0, delivered: 0 };
  #records = new Map();
  #judged = new Set();

  /** The record of a request that the platform knows. */
  record(id) {
    const known = this.#records.get(id);
    if (known) return known;
    const record = new LoginRecord(id);
    this.#records.set(id, record);
    return record;
  }

  /** How the site sees its stream; `code` tells why it lost it. */
  connection({ state, code }, at) {
    this.timeline.note(`site: ${state}${code ? ` (${code})` : ''}`, at);
    // A stream that the platform ended is read to its end.
    if (state !== 'open' && code && code !== 'STREAM_ENDED') {
      this.disturbances.siteLeft(`the site gave the stream up (${code})`, at);
    }
  }

  created(id, at) {
    const record = this.record(id);
    record.own = true;
    record.note('the site has its id', at);
  }

  delivered(event, at) {
    const { requestId: id } = event;
    if (id.startsWith('warm-up-')) {
      this.warmUp.delivered++;
      return;
    }
    const record = this.#records.get(id);
    if (!record) {
      const what = this.#judged.has(id)
        ? 'a repeat after a long time'
        : 'a request unknown to LIME';
      return this.#accuse(id, what, [`handler: ${event.type}`]);
    }
    record.delivered(event, at, this.agents);
    if (event.type === 'approved' && record.kid) this.keys.used(record.kid, at);
  }

  /** Requests of which something is still expected. */
  get open() {
    let open = 0;
    for (const record of this.#records.values()) {
      if (!record.isComplete(this)) open++;
    }
    return open;
  }

  /** Judges what is old. */
  sweep() {
    const moment = now() - QUIET_MS;
    for (const [id, record] of this.#records) {
      if (record.lastTouchedAt >= moment) continue;
      this.#judge(record);
      this.#records.delete(id);
      this.#judged.add(id);
    }
    for (const id of this.#judged) {
      if (this.#judged.size <= REMEMBERED) break;
      this.#judged.delete(id);
    }
    this.disturbances.forgetBefore(moment - QUIET_MS);
    this.timeline.forgetBefore(moment - QUIET_MS);
  }

  /** Judges everything that is left. */
  close() {
    for (const record of this.#records.values()) this.#judge(record);
    this.#records.clear();
    const { sent, delivered } = this.warmUp;
    if (sent !== delivered) this.#accuse('warm-up', `${delivered} of ${sent} expiries arrived`, []);
  }

  #judge(record) {
    const fate = fateOf(record);
    this.fates[fate] = (this.fates[fate] ?? 0) + 1;
    const send = record.safeSend(this);
    if (send) this.undisturbed++;
    const latency = record.latency(send);
    if (latency !== undefined) this.latency.add(latency);
    for (const what of record.complaints(this)) this.#accuse(record.id, what, record.story(this));
  }

  #accuse(id, what, story) {
    this.violations++;
    if (this.offenders.length < MAX_OFFENDERS) this.offenders.push({ id, what, story });
  }
}

function fateOf({ own, course, status, sends: [send] }) {
  const whose = own ? 'own' : 'other process';
  if (course !== '') return `${whose}: ${course}`;
  return `${whose}: ${status.toLowerCase()}, ${send ? 'lost on the way' : 'no event sent'}`;
}
