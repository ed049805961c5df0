import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from '@jest/globals';
import { Cluster } from 'ioredis';
import { closedAddress } from './loopback-server.js';
import { RedisServer } from './redis-server.js';
import { until } from './until.js';

const run = promisify(execFile);
/** The minimum of a Redis Cluster. */
const NODES = 3;

/** One Redis Cluster for all tests of the `describe` around it. */
export function useRedisCluster(): () => RedisCluster {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.remove());
  return () => cluster;
}

/** A Redis Cluster of three nodes, and an application's client for it. */
export class RedisCluster {
  readonly #client: Cluster;

  private constructor(private readonly nodes: readonly RedisServer[]) {
    this.#client = new Cluster(nodes.map(({ url }) => url));
  }

  static async start(): Promise<RedisCluster> {
    const nodes: RedisServer[] = [];
    try {
      for (let node = 0; node < NODES; node++) {
        const bus = new URL(await closedAddress());
        const settings = { 'cluster-enabled': 'yes', 'cluster-port': bus.port };
        nodes.push(await RedisServer.start(settings));
      }
      const hosts = nodes.map(({ url }) => new URL(url).host);
      await run('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes']);
      for (const { url } of nodes) await until(() => isReady(url));
    } catch (error) {
      await Promise.all(nodes.map((node) => node.remove()));
      throw error;
    }
    return new RedisCluster(nodes);
  }

  get access(): { connection: Cluster } {
    return { connection: this.#client };
  }

  async remove(): Promise<void> {
    this.#client.disconnect();
    await Promise.all(this.nodes.map((node) => node.remove()));
  }
}

async function isReady(url: string): Promise<boolean> {
  const { stdout } = await run('redis-cli', ['-u', url, 'cluster', 'info']);
  return stdout.includes('cluster_state:ok');
}
