import type { ExecutionContext } from '@nestjs/common';

/** What of a request, or of the handshake of a connection, may carry a passport. */
export interface Handshake {
  readonly headers?: Record<string, unknown> | undefined;
  readonly query?: Record<string, unknown> | undefined;
  /** What a socket.io client gave as `auth`. */
  readonly auth?: Record<string, unknown> | undefined;
}

type Loose = Record<string, unknown>;

/** Finds it in whatever transport the context is of. Microservices have none: their passport is in the message. */
export function handshakeOf(context: ExecutionContext): Handshake {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<Handshake>();
    case 'graphql':
      return ofGraphql(graphqlContext(context));
    case 'ws':
      return ofClient(context.switchToWs().getClient<Loose>());
    default:
      return {};
  }
}

/** The message of a gateway or of a microservice. */
export function messageOf(context: ExecutionContext): unknown {
  const type = context.getType<string>();
  if (type === 'ws') return context.switchToWs().getData();
  return type === 'rpc' ? context.switchToRpc().getData() : undefined;
}

/**
 * The object that guards and parameter decorators of one request share: the HTTP request; in GraphQL the one in its
 * context, or the context; for messages their arguments, because a connection outlives its messages.
 */
export function sharedObjectOf(context: ExecutionContext): object {
  const type = context.getType<string>();
  if (type === 'http') return context.switchToHttp().getRequest<object>();
  if (type !== 'graphql') return context.getArgs();
  const graphql = graphqlContext(context);
  return recordOf(graphql['req']) ?? recordOf(graphql['request']) ?? graphql;
}

/** Resolvers get `(parent, args, context, info)`. */
function graphqlContext(context: ExecutionContext): Loose {
  return context.getArgByIndex<Loose | undefined>(2) ?? {};
}

/** Queries have the HTTP request; subscriptions the request of their socket, and parameters of the connection. */
function ofGraphql(graphql: Loose): Handshake {
  const request = recordOf(graphql['req']) ?? recordOf(graphql['request']);
  const upgrade = recordOf(recordOf(graphql['extra'])?.['request']);
  const { headers, query } = request ?? upgrade ?? {};
  const parameters = recordOf(graphql['connectionParams']);
  return { headers: recordOf(headers), query: recordOf(query), auth: parameters };
}

/** socket.io keeps the handshake; of a bare `ws` client the gateway has to (`client.upgradeReq = request`). */
function ofClient(client: Loose): Handshake {
  const handshake = recordOf(client['handshake']);
  if (handshake) return handshake;
  const { headers, url } = recordOf(client['upgradeReq']) ?? {};
  const query = typeof url === 'string' ? new URL(url, 'ws://localhost').searchParams : undefined;
  return { headers: recordOf(headers), query: query && valuesOf(query) };
}

function valuesOf(parameters: URLSearchParams): Loose {
  return Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)]));
}

function recordOf(value: unknown): Loose | undefined {
  return typeof value === 'object' && value !== null ? (value as Loose) : undefined;
}
