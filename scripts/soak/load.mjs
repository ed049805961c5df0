import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './now.mjs';

/** So many calls may be under way; while the platform is away no more are made. */
const MAX_UNDER_WAY = 300;

/** People who start logins, at random, sometimes many at once. */
export class Load {
  created = 0;
  /** Starts that failed, because the stream was away for too long or the platform did not answer. */
  failed = 0;
  #stopped = false;
  #underWay = new Set();

  constructor({ site, logins, random, rate, onCreated }) {
    Object.assign(this, { site, logins, random, rate, onCreated });
  }

  async run() {
    let nextBurstAt = now() + 3_000;
    let nextSpellAt = now() + 10_000;
    while (!this.#stopped) {
      if (now() > nextBurstAt) {
        for (let left = this.random.whole(20, 200); left > 0; left--) this.#start();
        nextBurstAt = now() + this.random.exponential(8_000);
      }
      if (now() > nextSpellAt) {
        this.logins.slowUntil = now() + this.random.between(500, 4_000);
        nextSpellAt = now() + this.random.exponential(20_000) + 5_000;
      }
      this.#start();
      await sleep(this.random.exponential(1_000 / this.rate));
    }
    await Promise.all(this.#underWay);
  }

  stop() {
    this.#stopped = true;
    this.logins.slowUntil = 0;
  }

  #start() {
    if (this.#underWay.size >= MAX_UNDER_WAY) return;
    const call = this.site.createLoginRequest().then(
      ({ requestId }) => {
        this.created++;
        this.onCreated(requestId, now());
      },
      () => {
        this.failed++;
      },
    );
    this.#underWay.add(call);
    void call.finally(() => this.#underWay.delete(call));
  }
}
