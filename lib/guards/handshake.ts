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

/** What a guard leaves for the parameter decorators of the same message. */
class MessageScope {
  readonly [Symbol.toStringTag] = 'MessageScope';
}

/**
 * The object that guards and parameter decorators of one execution share: the HTTP request; the `info` of one GraphQL field,
 * because all fields of an operation share their context; of a message one of its own, because a connection outlives its messages.
 */
export function sharedObjectOf(context: ExecutionContext): object {
  const type = context.getType<string>();
  if (type === 'http') return context.switchToHttp().getRequest<object>();
  if (type === 'graphql') return graphqlInfo(context) ?? graphqlContext(context);
  return messageScopeOf(context.getArgs<unknown[]>(), type);
}

/**
 * Nest copies the arguments for the parameter decorators, and the body may be a mere text, so the object has to travel
 * as an argument. In a gateway the last argument has to stay the pattern.
 */
function messageScopeOf(args: unknown[], type: string): object {
  const known = args.find((arg) => arg instanceof MessageScope);
  if (known) return known;
  const scope = new MessageScope();
  args.splice(type === 'ws' ? -1 : args.length, 0, scope);
  return scope;
}

/** Resolvers get `(parent, args, context, info)`. */
function graphqlContext(context: ExecutionContext): Loose {
  return context.getArgByIndex<Loose | undefined>(2) ?? {};
}

function graphqlInfo(context: ExecutionContext): Loose | undefined {
  return recordOf(context.getArgByIndex<unknown>(3));
}

/** Queries have the HTTP request. What Nest calls `req` of a subscription is the connection that graphql-ws keeps. */
function ofGraphql(graphql: Loose): Handshake {
  const request = recordOf(graphql['req']) ?? recordOf(graphql['request']) ?? {};
  const connection = recordOf(request['extra']) ? request : graphql;
  const upgrade = recordOf(recordOf(connection['extra'])?.['request']);
  if (upgrade) return { ...ofUpgrade(upgrade), auth: recordOf(connection['connectionParams']) };
  return { headers: recordOf(request['headers']), query: recordOf(request['query']) };
}

/** socket.io keeps the handshake; of a bare `ws` client the gateway has to (`client.upgradeReq = request`). */
function ofClient(client: Loose): Handshake {
  return recordOf(client['handshake']) ?? ofUpgrade(recordOf(client['upgradeReq']) ?? {});
}

/** Nobody has read the address of a bare upgrade request yet. */
function ofUpgrade({ headers, url }: Loose): Handshake {
  const query = typeof url === 'string' ? new URL(url, 'ws://localhost').searchParams : undefined;
  return { headers: recordOf(headers), query: query && valuesOf(query) };
}

function valuesOf(parameters: URLSearchParams): Loose {
  return Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)]));
}

function recordOf(value: unknown): Loose | undefined {
  return typeof value === 'object' && value !== null ? (value as Loose) : undefined;
}
