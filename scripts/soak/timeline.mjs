import { now } from './now.mjs';

/** What happened to the line as a whole: the surroundings of a login that came out wrong. */
export class Timeline {
  #entries = [];

  note(text, at = now()) {
    this.#entries.push({ at, text });
  }

  around(moment, reachMs) {
    return this.#entries
      .filter(({ at }) => Math.abs(at - moment) <= reachMs)
      .toSorted((a, b) => a.at - b.at);
  }

  forgetBefore(moment) {
    this.#entries = this.#entries.filter(({ at }) => at >= moment);
  }
}
