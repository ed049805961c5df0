import { setMaxListeners } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentRoutes } from './agent-routes.js';
import { type Answer, document, failure } from './answer.js';
import { type CallLog, callOf } from './call-log.js';
import type { FaultResponse } from './fault-rules.js';
import { pageRoutes } from './console/console-routes.js';
import { oauthRoutes } from './oauth-routes.js';
import type { Platform } from './platform.js';
import { type RouteAnswer, type RouteMatch, RouteTable } from './route-table.js';
import { SandboxError } from './sandbox-error.js';
import { SandboxRequest } from './sandbox-request.js';
import { siteRoutes } from './site-routes.js';

/** The path of the base URL, as on lime.pics. */
export const API_PREFIX = '/api/v1';

/** The HTTP server of the platform: matches routes, applies faults, writes answers. */
export class SandboxServer {
  private readonly table: RouteTable;
  private readonly server: Server;
  private readonly closing = new AbortController();

  constructor(
    private readonly platform: Platform,
    private readonly log: CallLog,
  ) {
    // One listener for each delayed call.
    setMaxListeners(0, this.closing.signal);
    this.table = new RouteTable([
      ...siteRoutes(platform, API_PREFIX),
      ...agentRoutes(platform, API_PREFIX),
      ...oauthRoutes(platform, API_PREFIX),
      ...pageRoutes(platform, API_PREFIX),
    ]);
    this.server = createServer((message, response) => {
      this.serve(message, response).catch((error: unknown) => {
        if (!response.headersSent) write(response, failure(error));
      });
    });
  }

  /** Resolves with the port once connections are accepted. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(
          new SandboxError('SANDBOX_LISTEN_FAILED', listenFailure(cause, port, host), { cause }),
        );
      });
      this.server.listen(port, host, () => {
        const address = this.server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    this.closing.abort();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = message.url?.split('?', 1)[0] ?? '';
    const found = this.table.find(message.method ?? '', path);
    const target = found instanceof SandboxError ? undefined : found.route.target;
    const call = callOf(message, path.replace(/^\/api\/v1(?=\/)/, ''), target);
    this.log.add(call);

    const delayMs = this.platform.rules.takeDelay(call);
    const fault = this.platform.rules.takeAction(call);
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.closing.signal });

    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void message.socket.resetAndDestroy();
    if (fault?.kind === 'respond') return write(response, cannedAnswer(fault.response));

    const answer = await work(message, found);
    if (fault?.kind === 'lose-answer') message.socket.destroy();
    else if (typeof answer !== 'function') write(response, answer);
    else if (!response.destroyed) answer(response);
  }
}

async function work(
  message: IncomingMessage,
  found: RouteMatch | SandboxError,
): Promise<RouteAnswer> {
  try {
    if (found instanceof SandboxError) throw found;
    return await found.route.handle(await SandboxRequest.read(message, found.id));
  } catch (error) {
    return failure(error);
  }
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-length': length, ...headers }).end(body);
}

function cannedAnswer({ status, body = '', headers }: FaultResponse): Answer {
  const answer: Answer =
    typeof body === 'string'
      ? { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
      : document(body, status);
  // Lower case: writeHead() would write both of two spellings of one name.
  const given = Object.entries(headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(given) } };
}

function listenFailure(error: NodeJS.ErrnoException, port: number, host: string): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use by another program.`;
  return `The sandbox cannot listen on ${host}, port ${port}: ${error.message}.`;
}
