import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedAddress } from '../support/loopback-server.js';

const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Whether nginx is installed. */
export function isNginxInstalled(): boolean {
  return spawnSync('nginx', ['-v']).error === undefined;
}

/** Makes the content of the `http` block for the address (`host:port`) to listen on. */
export type HttpBlock = (listen: string) => string;

/** An nginx for one test, with its own folder, port and process. */
export class Nginx {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly address: string,
  ) {}

  static async start(http: HttpBlock): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    const nginx = new Nginx(folder, new URL(await closedAddress()).host);
    await writeFile(join(folder, 'nginx.conf'), configuration(http(nginx.address)));
    await nginx.start();
    return nginx;
  }

  get baseUrl(): string {
    return `http://${this.address}/api/v1`;
  }

  async start(): Promise<void> {
    const { folder } = this;
    this.#process = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    while (!(await this.#accepts())) {
      if (this.#process.exitCode !== null) throw new Error('nginx did not start');
      await sleep(5);
    }
  }

  /** Starts new workers. The old ones keep their present connections. */
  reload(): void {
    this.#process?.kill('SIGHUP');
  }

  /** A fast shutdown, which closes every connection. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  #accepts(): Promise<boolean> {
    const { hostname, port } = new URL(this.baseUrl);
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }
}

function configuration(http: string): string {
  const { username, uid } = userInfo();
  return `
    ${uid === 0 ? `user ${username};` : ''}
    daemon off;
    worker_processes 1;
    pid nginx.pid;
    events { worker_connections 256; }
    http {
      access_log off;
      ${TEMP_PATHS.map((name) => `${name}_temp_path ${name};`).join('\n')}
      ${http}
    }
  `;
}
