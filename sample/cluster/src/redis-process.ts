import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RunningRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Connects to the Redis of `REDIS_URL`, or starts one that does not write to the disk. */
export async function startRedis(): Promise<RunningRedis> {
  const { REDIS_URL: given } = process.env;
  if (given) return { url: given, stop: async () => undefined };
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore', detached: true });
  const missing = once(child, 'error').then(() => {
    throw new Error('redis-server is not installed: install it, or set REDIS_URL');
  });
  const url = `redis://127.0.0.1:${port}`;
  await Promise.race([missing, answers(url)]);
  return {
    url,
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  while ((await client.ping()) !== 'PONG') await sleep(50);
  client.disconnect();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
