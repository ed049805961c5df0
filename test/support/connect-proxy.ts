import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy on loopback that supports `CONNECT` (RFC 9110 section 9.3.6), and remembers the targets. */
export class ConnectProxy {
  readonly targets: string[] = [];
  readonly #tunnels = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(createServer());
    proxy.server.on('connect', ({ url = '' }, client: Socket) => proxy.#tunnel(url, client));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const tunnel of this.#tunnels) tunnel.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #tunnel(target: string, client: Socket): void {
    this.targets.push(target);
    const [host, port] = target.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    this.#tunnels.add(client);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('close', () => upstream.destroy());
  }
}
