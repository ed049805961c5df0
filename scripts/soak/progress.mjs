import { now } from './now.mjs';

const BAR = 30;
const PLAIN_EVERY_MS = 10_000;

/** How far the run is: one line that changes on a terminal, a line every ten seconds elsewhere. */
export class Progress {
  #startedAt = now();
  #plainAt = 0;

  constructor(totalMs, out = process.stdout) {
    this.totalMs = totalMs;
    this.out = out;
  }

  show(text) {
    const passed = Math.min(now() - this.#startedAt, this.totalMs);
    const times = `${minutes(passed)} of ${minutes(this.totalMs)}`;
    if (this.out.isTTY) {
      const full = Math.round((passed / this.totalMs) * BAR);
      const bar = '█'.repeat(full) + '░'.repeat(BAR - full);
      this.out.write(`\r${bar} ${times}  ${text}\u001b[K`);
    } else if (now() >= this.#plainAt) {
      this.#plainAt = now() + PLAIN_EVERY_MS;
      this.out.write(`${times}  ${text}\n`);
    }
  }

  /** What follows begins on a new line. */
  end() {
    if (this.out.isTTY) this.out.write('\n');
  }
}

function minutes(ms) {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
