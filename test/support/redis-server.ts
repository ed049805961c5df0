import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { closedAddress } from './loopback-server.js';

const isInstalled = spawnSync('redis-server', ['--version']).error === undefined;

/** Works as `describe`. Without a Redis it skips the tests, and writes one line about it. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (isInstalled) return describe(name, tests);
  process.stderr.write(`SKIPPED: ${name}: no redis-server found; install one.\n`);
  describe.skip(name, tests);
}

/** One Redis for all tests of the `describe` around it. */
export function useRedis(settings: Record<string, string> = {}): () => RedisServer {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start(settings);
  });
  afterAll(() => redis.remove());
  return () => redis;
}

/** A Redis for one test file, on its own port. It keeps its data over a restart. */
export class RedisServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'redis-'));
    const { port } = new URL(await closedAddress());
    const redis = new RedisServer(folder, port, settings);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The URL for `bullMqCluster()`. */
  get access(): { url: string } {
    return { url: this.url };
  }

  async start(): Promise<void> {
    const settings = {
      port: this.port,
      bind: '127.0.0.1',
      dir: this.folder,
      appendonly: 'yes',
      save: '',
      'maxmemory-policy': 'noeviction',
      ...this.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    while (!(await this.#answers())) {
      if (this.#process.exitCode !== null) throw new Error('redis-server did not start');
      await sleep(5);
    }
  }

  /** Stops the process: connections stay open without an answer. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill('SIGCONT');
    running.kill('SIGTERM');
    await once(running, 'exit');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(Number(this.port), '127.0.0.1', () => socket.write('PING\r\n'));
      const end = (answers: boolean) => {
        socket.destroy();
        resolve(answers);
      };
      socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
      socket.once('error', () => end(false));
    });
  }
}
