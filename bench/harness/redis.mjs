import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of the bench's own, on a Unix socket; it keeps nothing. */
export class RedisServer {
  static async start() {
    const server = new RedisServer();
    server.folder = await mkdtemp(join(tmpdir(), 'lime-sites-bench-'));
    server.path = join(server.folder, 'redis.sock');
    const settings = ['--port', '0', '--unixsocket', server.path, '--save', ''];
    server.process = spawn('redis-server', settings, { stdio: 'ignore' });
    while (!(await takesConnections(server.path))) await sleep(20);
    server.client = new Redis({ path: server.path });
    return server;
  }

  /** What Redis has done so far: processor time in microseconds, scripts, and commands, those in scripts included. */
  async usage() {
    const info = await this.client.info('everything');
    const seconds = (name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)[1]);
    const calls = Array.from(info.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm), ([, name, count]) => ({
      isScript: name.startsWith('eval'),
      count: Number(count),
    }));
    const sum = (some) => some.reduce((total, { count }) => total + count, 0);
    return {
      cpuMicroseconds: 1e6 * (seconds('used_cpu_user') + seconds('used_cpu_sys')),
      scripts: sum(calls.filter(({ isScript }) => isScript)),
      commands: sum(calls),
    };
  }

  async stop() {
    this.client.disconnect();
    const ended = once(this.process, 'exit');
    this.process.kill();
    await ended;
    await rm(this.folder, { recursive: true });
  }
}

async function takesConnections(path) {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
