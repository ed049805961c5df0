import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LISTEN = `
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write(String(server.address().port));
});`;

/** How long a handshake on loopback may take before it counts as dropped. */
const HANDSHAKE_MS = 100;

/**
 * A port on loopback that drops SYN packets, as a firewall does: its process is stopped, and the kernel's queue of connections
 * that it should accept is full.
 */
export class FullBacklog {
  private constructor(
    readonly port: number,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(): Promise<FullBacklog> {
    const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGSTOP');
    const sockets: Socket[] = [];
    const backlog = new FullBacklog(Number(port), async () => {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    for (let accepted = true; accepted;) {
      const socket = connect(backlog.port, '127.0.0.1').on('error', () => undefined);
      sockets.push(socket);
      const connected = once(socket, 'connect').then(() => true);
      accepted = await Promise.race([connected, sleep(HANDSHAKE_MS, false)]);
    }
    return backlog;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  stop(): Promise<void> {
    return this.end();
  }
}
