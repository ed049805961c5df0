/** How long after `expiresAt` the replica that started a login has for settling it, before any other does. */
const ORPHAN_GRACE_MS = 10_000;
const PERIOD_MS = 1_000;

export interface HeartbeatParts {
  /** Asks whether Redis can be used. */
  beat: () => Promise<unknown>;
  /** Logins that should have had an outcome at that moment. */
  overdueAt: (moment: number) => Promise<string[]>;
  /** Settles a login whose own replica is gone. Others may do the same at this moment: it counts once. */
  expire: (requestId: string) => Promise<void>;
}

/** Once a second: is Redis there, and has a replica died before it could settle what it had started? */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly parts: HeartbeatParts) {}

  start(): void {
    // Somewhere in the period, so that replicas that were started together do not ask together.
    this.#schedule(PERIOD_MS * Math.random());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#beat(), ms);
  }

  async #beat(): Promise<void> {
    const { beat, overdueAt, expire } = this.parts;
    try {
      await beat();
      const orphans = await overdueAt(Date.now() - ORPHAN_GRACE_MS);
      await Promise.all(orphans.map((requestId) => expire(requestId)));
    } catch {
      // The health of the cluster has noted it, and told; the next beat tries again.
    }
    this.#schedule(PERIOD_MS);
  }
}
