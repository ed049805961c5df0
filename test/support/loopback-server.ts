import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.js';

/** A server for answers, or missing answers, that the sandbox cannot give. */
export class LoopbackServer {
  readonly requests: IncomingMessage[] = [];

  private constructor(private readonly server: Server) {}

  /**
   * Without a listener it accepts every request and never answers.
   * @param port default: any free port.
   */
  static async start(
    answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined,
    port = 0,
  ): Promise<LoopbackServer> {
    const server = createServer();
    const started = new LoopbackServer(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      started.requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Resolves when this number of requests has arrived. */
  async received(count = 1): Promise<void> {
    await until(() => this.requests.length >= count);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An address without a listener. */
export async function closedAddress(): Promise<string> {
  const server = await LoopbackServer.start();
  const { url } = server;
  await server.stop();
  return url;
}
