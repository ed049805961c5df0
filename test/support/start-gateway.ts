import { once } from 'node:events';
import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { LimeSiteService, LimeSitesModule, type LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { CapturedLogs } from './captured-logs.js';
import { useCleanup } from './cleanup.js';
import { startSandbox } from './start-sandbox.js';
import type { StartedSite } from './start-site.js';

export type SocketPlatform = 'ws' | 'socket.io';
export const SOCKET_PLATFORMS: readonly SocketPlatform[] = ['ws', 'socket.io'];

/** The handshake of a client. */
export interface Opening {
  readonly headers?: Record<string, string>;
  /** The query, with its question mark. */
  readonly query?: string;
  /** Only for socket.io. */
  readonly auth?: Record<string, unknown>;
}

export interface GatewayAnswer {
  readonly event: string;
  readonly data: unknown;
}

export interface GatewayClient {
  /** Sends a message, and gives the next answer. */
  ask(event: string, data?: unknown): Promise<GatewayAnswer>;
}

export interface StartedGateway extends StartedSite {
  readonly connect: (opening?: Opening) => Promise<GatewayClient>;
}

interface GatewaySetup {
  /** Prepares the platform before the site starts. */
  prepare?: (lime: LimeSandbox) => void;
  /** Options of the site, beside the sandbox's address and token. */
  options?: LimeSitesModuleOptions;
}

type StartGateway = (
  platform: SocketPlatform,
  gateway: Type,
  setup?: GatewaySetup,
) => Promise<StartedGateway>;

interface OpenClient extends GatewayClient {
  close(): unknown;
}

/** Starts a site with a gateway on the port of its HTTP server. Closes the clients and then the site after the test. */
export function useGatewayStarter(): StartGateway {
  const closeLater = useCleanup();
  return async (platform, gateway, { prepare, options } = {}) => {
    const lime = await startSandbox();
    closeLater(() => lime.stop());
    prepare?.(lime);
    const logs = new CapturedLogs();
    const app = await createApp(
      platform,
      gateway,
      LimeSitesModule.forRoot({ ...lime.moduleOptions(), ...options }),
      logs,
    );
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const open = platform === 'ws' ? openWebSocket : openSocketIo;
    const connect = async (opening: Opening = {}): Promise<GatewayClient> => {
      const client = await open(url, opening);
      closeLater(() => client.close());
      return client;
    };
    return { app, lime, logs, url, site: app.get(LimeSiteService), connect };
  };
}

async function createApp(
  platform: SocketPlatform,
  gateway: Type,
  limeSites: ReturnType<typeof LimeSitesModule.forRoot>,
  logs: CapturedLogs,
): Promise<INestApplication> {
  const builder = Test.createTestingModule({ imports: [limeSites], providers: [gateway] });
  const module = await builder.setLogger(logs).compile();
  const app = module.createNestApplication({ logger: logs });
  return app.useWebSocketAdapter(platform === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
}

async function openWebSocket(
  url: string,
  { headers = {}, query = '' }: Opening,
): Promise<OpenClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/${query}`, { headers });
  await once(socket, 'open');
  return {
    async ask(event, data) {
      const answered = once(socket, 'message');
      socket.send(JSON.stringify({ event, data }));
      const [answer] = (await answered) as [Buffer];
      return JSON.parse(answer.toString()) as GatewayAnswer;
    },
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

async function openSocketIo(
  url: string,
  { headers, query = '', auth }: Opening,
): Promise<OpenClient> {
  const socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    query: Object.fromEntries(new URLSearchParams(query)),
    ...(headers && { extraHeaders: headers }),
    ...(auth && { auth }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    ask(event, data) {
      return new Promise((resolve) => {
        const listener = (answer: string, payload: unknown) => {
          socket.offAny(listener);
          resolve({ event: answer, data: payload });
        };
        socket.onAny(listener);
        if (data === undefined) socket.emit(event);
        else socket.emit(event, data);
      });
    },
    close: () => socket.close(),
  };
}
