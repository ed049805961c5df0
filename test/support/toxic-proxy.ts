import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Line {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** A TCP proxy on loopback that breaks connections as networks do. */
export class ToxicProxy {
  readonly #lines = new Set<Line>();
  readonly #target: number;
  #server: Server | undefined;
  #port = 0;
  #chunkBytes = 0;
  #mute = false;
  /** The number of connections since the start. */
  accepted = 0;
  /** The highest number of connections that were open at one time. */
  mostOpen = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target the port on loopback behind it. */
  static async start(target: number): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(target);
    await proxy.heal();
    return proxy;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}/api/v1`;
  }

  get open(): number {
    return this.#lines.size;
  }

  /** Accepts again after {@link refuse}. */
  async heal(): Promise<void> {
    this.#mute = false;
    if (this.#server) return;
    const server = createServer({ noDelay: true }, (client) => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening: refuses new connections, and closes open ones. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Ends every connection with FIN. */
  cut(): void {
    for (const { client, upstream } of this.#lines) {
      client.end();
      upstream.destroy();
    }
  }

  /** Ends every connection with RST. */
  reset(): void {
    for (const { client, upstream } of this.#lines) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  /** Half-open: every connection stays open, but no data passes in either direction. */
  freeze(): void {
    for (const { client, upstream } of this.#lines) {
      client.unpipe().pause();
      upstream.removeAllListeners('data').pause();
    }
  }

  /** Accepts new connections, and does not serve them. */
  mute(): void {
    this.#mute = true;
  }

  /** Cuts the data from the target into chunks of this number of bytes; 0 leaves it as it arrives. */
  chop(bytes: number): void {
    this.#chunkBytes = bytes;
  }

  async stop(): Promise<void> {
    this.reset();
    await this.refuse();
  }

  #accept(client: Socket): void {
    this.accepted++;
    const upstream = connect(this.#target, '127.0.0.1');
    const line = { client, upstream };
    this.#lines.add(line);
    this.mostOpen = Math.max(this.mostOpen, this.#lines.size);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('close', () => {
      this.#lines.delete(line);
      upstream.destroy();
    });
    if (this.#mute) return;
    client.pipe(upstream);
    upstream.on('data', (data) => this.#forward(data, client));
    upstream.on('end', () => client.end());
  }

  #forward(data: Buffer, client: Socket): void {
    const step = this.#chunkBytes || data.length;
    for (let at = 0; at < data.length; at += step) client.write(data.subarray(at, at + step));
  }
}
