import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RedisOptions } from 'ioredis';
import { closedAddress } from './loopback-server.js';
import { RedisServer } from './redis-server.js';
import { until } from './until.js';

const run = promisify(execFile);
const NAME = 'lime';

/** A primary Redis, a replica of it, and a Sentinel that can promote the replica. */
export class RedisSentinel {
  private constructor(
    private readonly primary: RedisServer,
    private readonly copy: RedisServer,
    private readonly port: number,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(): Promise<RedisSentinel> {
    const primary = await RedisServer.start();
    const { hostname, port: primaryPort } = new URL(primary.url);
    const copy = await RedisServer.start({ replicaof: `${hostname} ${primaryPort}` });
    const folder = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
    const port = Number(new URL(await closedAddress()).port);
    const lines = [
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor ${NAME} ${hostname} ${primaryPort} 1`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
    ];
    const settings = join(folder, 'sentinel.conf');
    await writeFile(settings, lines.join('\n'));
    const sentinel = spawn('redis-server', [settings, '--sentinel'], { stdio: 'ignore' });
    const end = async () => {
      sentinel.kill();
      await once(sentinel, 'exit');
      await Promise.all([primary.remove(), copy.remove(), rm(folder, { recursive: true })]);
    };
    const redis = new RedisSentinel(primary, copy, port, end);
    try {
      await until(() => redis.#knowsCopy());
    } catch (error) {
      await end();
      throw error;
    }
    return redis;
  }

  /** The connection for `bullMqCluster()`. */
  get access(): { connection: RedisOptions } {
    return { connection: { sentinels: [{ host: '127.0.0.1', port: this.port }], name: NAME } };
  }

  /** Promotes the replica. The old primary learns of it a little later. */
  async failOver(): Promise<void> {
    await this.#ask(this.port, 'sentinel', 'failover', NAME);
  }

  /** Whether the old primary has become the replica. */
  async hasChangedPlaces(): Promise<boolean> {
    const roles = [this.primary, this.copy].map(async ({ url }) => {
      const [role] = (await this.#ask(Number(new URL(url).port), 'role')).split('\n');
      return role;
    });
    return (await Promise.all(roles)).join() === 'slave,master';
  }

  async remove(): Promise<void> {
    await this.end();
  }

  async #knowsCopy(): Promise<boolean> {
    // Sentinel does not listen yet.
    const said = await this.#ask(this.port, 'sentinel', 'replicas', NAME).catch(() => '');
    return said.includes('127.0.0.1');
  }

  async #ask(port: number, ...command: string[]): Promise<string> {
    return (await run('redis-cli', ['-p', String(port), ...command])).stdout;
  }
}
