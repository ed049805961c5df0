import type { ExecutionContext } from '@nestjs/common';
import type {
  CommonPassportClaims,
  PassportVerificationResult,
} from '../interfaces/passport-claims.interface.js';

/** The parts of a request, or of the handshake of a connection, that may carry a passport. */
export interface Handshake {
  readonly headers?: Record<string, unknown> | undefined;
  readonly query?: Record<string, unknown> | undefined;
  /** `auth` of a socket.io client. */
  readonly auth?: Record<string, unknown> | undefined;
}

type Loose = Record<string, unknown>;

/** Finds the handshake in every transport. Microservices have none: their passport is in the message. */
export function handshakeOf(context: ExecutionContext): Handshake {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<Handshake>();
    case 'graphql':
      return handshakeOfGraphql(graphqlContext(context));
    case 'ws':
      return handshakeOfClient(context.switchToWs().getClient<Loose>());
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
 * The object that guards and parameter decorators of one execution of a handler share: the HTTP request; the `info` of one
 * GraphQL field, because all fields of an operation share their context; a scope of its own for each message, because a
 * connection outlives its messages.
 */
export function sharedObjectOf(context: ExecutionContext): object {
  const type = context.getType<string>();
  if (type === 'http') return context.switchToHttp().getRequest<object>();
  if (type === 'graphql')
    return recordOf(context.getArgByIndex<unknown>(3)) ?? graphqlContext(context);
  return messageScopeOf(context.getArgs<unknown[]>(), type);
}

/** Why a guard let a request in. */
interface Grounds {
  /** The class of the guard. */
  readonly guard?: unknown;
  /** The passport or binding code of the request. */
  readonly token?: string;
  /** The single uses that were claimed. */
  readonly uses?: ReadonlySet<string>;
}

/** The result of a guard for one execution of a handler. Inspecting it shows the passport's claims and no token. */
export class Admission {
  readonly passport: PassportVerificationResult<CommonPassportClaims>;
  readonly #context: ExecutionContext;
  readonly #grounds: Grounds;

  constructor(claims: CommonPassportClaims, context: ExecutionContext, grounds: Grounds = {}) {
    this.passport = { valid: true, claims };
    this.#context = context;
    this.#grounds = grounds;
  }

  get uses(): Iterable<string> {
    return this.#grounds.uses ?? [];
  }

  /** Whether this guard checked this token: applied globally and on the route, it asks once. */
  answers(guard: unknown, token: string): boolean {
    return this.#grounds.guard === guard && this.#grounds.token === token;
  }

  /** Whether it belongs to this handler: an earlier handler may have passed the request on with `next()`. */
  isOf(context: ExecutionContext): boolean {
    const own = this.#context;
    return own.getHandler() === context.getHandler() && own.getClass() === context.getClass();
  }
}

const ADMISSION = Symbol('lime-sites.admission');

/** Not enumerable, so that a logged or copied request does not show the claims. */
export function attachAdmission(target: object, admission: Admission): void {
  Object.defineProperty(target, ADMISSION, { value: admission, configurable: true });
}

export function attachedAdmission(
  target: object,
  context: ExecutionContext,
): Admission | undefined {
  const admission = Reflect.get(target, ADMISSION) as Admission | undefined;
  return admission?.isOf(context) ? admission : undefined;
}

/** Carries the result of a guard to the parameter decorators of the same message. */
class MessageScope {
  readonly [Symbol.toStringTag] = 'MessageScope';
}

/**
 * Nest copies the arguments for the parameter decorators, and the body may be a plain string, so the scope travels as an
 * argument. In a gateway the last argument has to stay the pattern.
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

/** Queries have the HTTP request. `req` of a subscription is the connection that graphql-ws keeps. */
function handshakeOfGraphql(graphql: Loose): Handshake {
  const request = recordOf(graphql['req']) ?? recordOf(graphql['request']) ?? {};
  const connection = recordOf(request['extra']) ? request : graphql;
  const upgrade = recordOf(recordOf(connection['extra'])?.['request']);
  if (upgrade) {
    return { ...handshakeOfUpgrade(upgrade), auth: recordOf(connection['connectionParams']) };
  }
  return { headers: recordOf(request['headers']), query: recordOf(request['query']) };
}

/** socket.io keeps the handshake; of a bare `ws` client the gateway has to (`client.upgradeReq = request`). */
function handshakeOfClient(client: Loose): Handshake {
  return recordOf(client['handshake']) ?? handshakeOfUpgrade(recordOf(client['upgradeReq']) ?? {});
}

/** Parses the query, because a bare upgrade request has only its URL. */
function handshakeOfUpgrade({ headers, url }: Loose): Handshake {
  const query = typeof url === 'string' ? new URL(url, 'ws://localhost').searchParams : undefined;
  return { headers: recordOf(headers), query: query && valuesOf(query) };
}

function valuesOf(parameters: URLSearchParams): Loose {
  return Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)]));
}

function recordOf(value: unknown): Loose | undefined {
  return typeof value === 'object' && value !== null ? (value as Loose) : undefined;
}
