import { once } from 'node:events';
import { WebSocket } from 'ws';

interface GraphqlError {
  readonly message: string;
  readonly path?: readonly string[];
  readonly extensions?: {
    readonly code?: string;
    readonly status?: number;
    readonly originalError?: unknown;
  };
}

export interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphqlError[];
}

/** The handshake of a client. */
export interface SubscriptionOpening {
  readonly headers?: Record<string, string>;
  readonly parameters?: Record<string, unknown>;
  readonly search?: string;
}

/** The part of the protocol `graphql-transport-ws` that a client needs for the first value of a subscription. */
export class SubscriptionClient {
  #lastId = 0;

  private constructor(private readonly socket: WebSocket) {}

  static async open(url: string, { headers = {}, parameters, search = '' }: SubscriptionOpening) {
    const address = `${url.replace('http', 'ws')}/graphql${search}`;
    const socket = new WebSocket(address, 'graphql-transport-ws', { headers });
    await once(socket, 'open');
    const acknowledged = once(socket, 'message');
    socket.send(JSON.stringify({ type: 'connection_init', payload: parameters }));
    await acknowledged;
    return new SubscriptionClient(socket);
  }

  /** The first message: a value, or errors. */
  async first(field: string): Promise<GraphqlAnswer> {
    const id = String(++this.#lastId);
    const query = `subscription { ${field} }`;
    this.socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
    for (;;) {
      const [message] = (await once(this.socket, 'message')) as [Buffer];
      const answer = JSON.parse(message.toString()) as {
        id: string;
        type: string;
        payload: unknown;
      };
      if (answer.id !== id || answer.type === 'complete') continue;
      if (answer.type === 'error') return { errors: answer.payload as GraphqlError[] };
      return answer.payload as GraphqlAnswer;
    }
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}
