import { now } from './now.mjs';

const MB = 1024 * 1024;

/** The site's heap after a forced collection, every few seconds. */
export class HeapSamples {
  /** @type {{ seconds: number, mb: number }[]} */
  samples = [];
  #startedAt = now();
  #timer;

  start(everyMs) {
    this.take();
    this.#timer = setInterval(() => this.take(), everyMs);
  }

  stop() {
    clearInterval(this.#timer);
    this.take();
  }

  take() {
    globalThis.gc();
    const mb = process.memoryUsage().heapUsed / MB;
    this.samples.push({ seconds: (now() - this.#startedAt) / 1000, mb });
  }

  get last() {
    return this.samples.at(-1)?.mb ?? 0;
  }

  /** A minute shows noise and nothing else. */
  get longEnough() {
    return (this.samples.at(-1)?.seconds ?? 0) >= 300;
  }

  /** The straight line through the second half, in MB and MB per hour: at first bounded memories fill up. */
  get trend() {
    const half = this.samples.slice(Math.floor(this.samples.length / 2));
    const meanX = mean(half.map(({ seconds }) => seconds));
    const meanY = mean(half.map(({ mb }) => mb));
    let top = 0;
    let bottom = 0;
    for (const { seconds, mb } of half) {
      top += (seconds - meanX) * (mb - meanY);
      bottom += (seconds - meanX) ** 2;
    }
    const slope = bottom === 0 ? 0 : top / bottom;
    const at = (seconds) => meanY + slope * (seconds - meanX);
    return { from: half[0], mbPerHour: slope * 3600, at };
  }
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
