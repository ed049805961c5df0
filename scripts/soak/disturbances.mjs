import { now } from './now.mjs';

/** What was sent so shortly before the line broke may not have been read any more. */
const REACH_MS = 250;
/** A burst is over after so long, even if the site was not seen to have caught up. */
const BURST_MS = 15_000;

/** When the line was not to be relied on: sent then, an event may be lost. */
export class Disturbances {
  #spans = [];
  #left = [];
  #lastConnectedAt = 0;
  #stalls = [];
  #bursts = [];

  /** The line broke, or began to be unreliable. @returns what is called when it is over. */
  open(why, from = now()) {
    const span = { why, from, to: Infinity };
    this.#spans.push(span);
    return (to = now()) => {
      span.to = Math.min(span.to, to);
    };
  }

  /** The line broke just now. */
  add(why) {
    this.open(why)();
  }

  /**
   * The site gave a stream up. A platform that was busy then notices late, and may have ended that stream itself by
   * then: until the site is back, what it sends goes nowhere.
   */
  siteLeft(why, at) {
    const over = this.open(why, at);
    if (at < this.#lastConnectedAt) over(this.#lastConnectedAt);
    else this.#left.push(over);
  }

  /** The platform took a new stream of the site. */
  siteConnected() {
    this.#lastConnectedAt = now();
    for (const over of this.#left.splice(0)) over();
  }

  /** The thread of the site or of the platform was busy for a while: it read nothing, or noticed nothing. */
  stall(from, to) {
    this.#stalls.push({ from, to });
    this.#stalls.sort((a, b) => a.to - b.to); // those of the site are heard of late
  }

  /** More is sent than the site can take at once. @returns what is called when the site has caught up. */
  burst() {
    const burst = { from: now(), to: now() + BURST_MS };
    this.#bursts.push(burst);
    return () => {
      burst.to = Math.min(burst.to, now());
    };
  }

  /** @returns why an event that was sent then may be lost, if it may. */
  of(at) {
    return this.#spans.find(({ from, to }) => at <= to && at >= this.unreadSince(from))?.why;
  }

  /** From when on what was sent may still have been unread at that moment. */
  unreadSince(moment) {
    let since = moment - REACH_MS;
    // The latest first, because each one makes earlier ones matter.
    for (const { from, to } of this.#stalls.toReversed()) {
      if (to > since && from < moment) since -= Math.min(to, moment) - from;
    }
    for (const { from, to } of this.#bursts) {
      if (from <= moment && to >= moment) since = Math.min(since, from - REACH_MS);
    }
    return since;
  }

  /** Forgets what can matter no more. */
  forgetBefore(moment) {
    this.#spans = this.#spans.filter(({ to }) => to >= moment);
    this.#stalls = this.#stalls.filter(({ to }) => to >= moment);
    this.#bursts = this.#bursts.filter(({ to }) => to >= moment);
  }
}
