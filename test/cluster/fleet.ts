import type { BullMqClusterOptions } from 'nestjs-lime-sites/bullmq';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import type { ChildApp, CompiledPackage } from '../support/child-app.js';
import { until } from '../support/until.js';

/** The program of a replica. Its handler takes a few milliseconds, and reports its start and its end. */
const REPLICA = `
import { bullMqCluster } from './dist/bullmq/index.js';
const cluster = bullMqCluster({ url: process.env.REDIS_URL, ...JSON.parse(process.env.CLUSTER) });
const app = await createApp({ cluster });
app.enableShutdownHooks();
const site = app.get(LimeSiteService);
const at = () => (performance.timeOrigin + performance.now()).toFixed(2);
site.onLogin(async function onOutcome({ requestId }) {
  say('begin ' + requestId + ' ' + at());
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  say('end ' + requestId + ' ' + at());
});
const ready = setInterval(() => {
  if (site.connection.state !== 'open' || site.cluster.state !== 'up') return;
  clearInterval(ready);
  say('ready');
}, 5);
`;

/** A login is in flight until Redis has stored the end of its handler, which takes a moment on a busy machine. */
const STORING_MS = 50;

/** One handler invocation. */
interface Run {
  readonly replica: Replica;
  readonly begin: number;
  end?: number;
}

/** Replicas that start and stop under load, and a record of their handler invocations. */
export class Fleet {
  readonly #replicas: Replica[] = [];
  readonly #runs = new Map<string, Run[]>();
  readonly #handled = new Set<string>();
  #loading = false;
  #kills = 0;
  #inFlightAtKills = 0;
  #endedInOrder = true;

  private constructor(
    private readonly compiled: CompiledPackage,
    private readonly lime: LimeSandbox,
    private readonly redisUrl: string,
    private readonly cluster: BullMqClusterOptions,
  ) {}

  static async start(
    compiled: CompiledPackage,
    lime: LimeSandbox,
    redisUrl: string,
    { size, ...cluster }: { size: number } & BullMqClusterOptions,
  ): Promise<Fleet> {
    const fleet = new Fleet(compiled, lime, redisUrl, cluster);
    await Promise.all(Array.from({ length: size }, () => fleet.#add()));
    return fleet;
  }

  get kills(): number {
    return this.#kills;
  }

  /** The number of logins in flight on a killed replica: the maximum that may be handled twice. */
  get inFlightAtKills(): number {
    return this.#inFlightAtKills;
  }

  /** Whether every stopped replica ended with exit code 0 or by its signal. */
  get endedInOrder(): boolean {
    return this.#endedInOrder;
  }

  /** Approves and expires logins in turn, and waits until each one is handled. */
  async runLogins(
    count: number,
    { overSeconds = 0 }: { overSeconds?: number } = {},
  ): Promise<{ ids: string[]; seconds: number }> {
    const started = performance.now();
    const ids: string[] = [];
    this.#loading = true;
    for (let index = 0; index < count; index++) {
      const { requestId } = this.lime.createLoginRequest();
      ids.push(requestId);
      if (index % 2 === 0) this.lime.expire(requestId);
      else await this.lime.approve(requestId);
      const due = started + (overSeconds * 1_000 * index) / count;
      if (index % 20 === 0) await pauseUntil(due);
    }
    this.#loading = false;
    await until(() => this.#handled.size >= count, 120_000);
    return { ids, seconds: (performance.now() - started) / 1_000 };
  }

  /** The number of logins that were handled never, once, 2 times, … */
  handledTimes(ids: readonly string[]): Record<string, number> {
    const times: Record<string, number> = {};
    for (const id of ids) {
      const runs = this.#runs.get(id) ?? [];
      const done = runs.some(({ end }) => end !== undefined);
      const name = !done ? 'never' : runs.length === 1 ? 'once' : `${runs.length} times`;
      times[name] = (times[name] ?? 0) + 1;
    }
    return times;
  }

  /** The logins that were in two handlers at the same time. A killed replica ends its handlers. */
  overlaps(): string[] {
    const overlapping = [];
    for (const [id, runs] of this.#runs) {
      const sorted = runs.toSorted((a, b) => a.begin - b.begin);
      const clash = sorted.some((run, index) => {
        const next = sorted[index + 1];
        return next && next.begin < (run.end ?? run.replica.killedAt ?? Number.POSITIVE_INFINITY);
      });
      if (clash) overlapping.push(id);
    }
    return overlapping;
  }

  /**
   * While logins arrive: kills a random replica every second, or as soon as two others are ready to take over, and starts
   * another one.
   */
  async killEverySecond(): Promise<void> {
    const replacements: Promise<void>[] = [];
    while (this.#loading) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const ready = this.#replicas.filter((replica) => replica.ready);
      const victim = ready[Math.floor(Math.random() * ready.length)];
      if (!victim || ready.length < 3) continue;
      await this.#kill(victim);
      replacements.push(this.#add());
    }
    await Promise.all(replacements);
  }

  /** Starts a new replica, and drains the oldest one. */
  async replaceOldest(): Promise<void> {
    await this.#add();
    await this.#end(this.#replicas.shift());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((replica) => this.#end(replica)));
  }

  /** Cleans up after a failed test. */
  destroy(): void {
    this.#loading = false;
    for (const { app } of this.#replicas.splice(0)) app.kill('SIGKILL');
  }

  async #kill(victim: Replica): Promise<void> {
    this.#replicas.splice(this.#replicas.indexOf(victim), 1);
    victim.killedAt = performance.timeOrigin + performance.now();
    victim.app.kill('SIGKILL');
    this.#kills++;
    await victim.ended; // all its output has been read
    for (const runs of this.#runs.values()) {
      for (const { replica, end } of runs) {
        const inFlight = end === undefined || end > victim.killedAt - STORING_MS;
        if (replica === victim && inFlight) this.#inFlightAtKills++;
      }
    }
  }

  async #end(replica: Replica | undefined): Promise<void> {
    if (!replica) return;
    replica.app.kill('SIGTERM');
    const how = await replica.ended;
    if (how !== 0 && how !== 'SIGTERM') this.#endedInOrder = false;
  }

  async #add(): Promise<void> {
    const app = await this.compiled.run(REPLICA, {
      ...this.lime.env(),
      REDIS_URL: this.redisUrl,
      CLUSTER: JSON.stringify(this.cluster),
    });
    const replica = new Replica(app, (line) => this.#note(line, replica));
    this.#replicas.push(replica);
    await until(() => replica.ready || !app.running);
  }

  #note(line: string, replica: Replica): void {
    const [what, id = '', at] = line.split(' ');
    if (what === 'ready') replica.ready = true;
    const runs = this.#runs.get(id) ?? [];
    if (what === 'begin') this.#runs.set(id, [...runs, { replica, begin: Number(at) }]);
    if (what !== 'end') return;
    const run = runs.find((candidate) => candidate.replica === replica && !candidate.end);
    if (run) run.end = Number(at);
    this.#handled.add(id);
  }
}

class Replica {
  ready = false;
  /** Milliseconds since the epoch. */
  killedAt: number | undefined;
  /** The exit code or the signal, after all output has been read. */
  readonly ended: Promise<number | string>;

  constructor(
    readonly app: ChildApp,
    onLine: (line: string) => void,
  ) {
    app.onLine(onLine);
    this.ended = app.closed;
  }
}

async function pauseUntil(moment: number): Promise<void> {
  const ms = moment - performance.now();
  await new Promise((resolve) => (ms > 1 ? setTimeout(resolve, ms) : setImmediate(resolve)));
}
