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

/**
 * The HTTP request of the execution, whose `user` the rest of an application reads. Messages of gateways and microservices, and
 * GraphQL subscriptions, have none: their connection outlives every passport.
 */
export function httpRequestOf(context: ExecutionContext): Loose | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<Loose>();
    case 'graphql': {
      const graphql = graphqlContext(context);
      return upgradeOf(graphql) ? undefined : graphqlRequest(graphql);
    }
    default:
      return undefined;
  }
}

const USER_PASSPORT = Symbol('lime-sites.user-passport');

/**
 * Reserves `user` of a request for one passport. The fields of a GraphQL operation run side by side and share the request, so
 * with two passports a resolver could read the user of another field's passport.
 * @returns whether no other passport of the operation came first.
 */
export function reserveUser(request: object, token: string): boolean {
  const isSame = Reflect.get(request, USER_PASSPORT) as ((other: string) => boolean) | undefined;
  if (isSame) return isSame(token);
  // A closure, so that an inspected request does not show the token.
  Object.defineProperty(request, USER_PASSPORT, { value: (other: string) => other === token });
  return true;
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
  /** `undefined` if the guard is optional and the request had none. */
  readonly passport: PassportVerificationResult<CommonPassportClaims> | undefined;
  readonly #context: ExecutionContext;
  readonly #grounds: Grounds;

  constructor(
    claims: CommonPassportClaims | undefined,
    context: ExecutionContext,
    grounds: Grounds = {},
  ) {
    this.passport = claims && { valid: true, claims };
    this.#context = context;
    this.#grounds = grounds;
  }

  get uses(): ReadonlySet<string> | undefined {
    return this.#grounds.uses;
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
function graphqlRequest(graphql: Loose): Loose | undefined {
  return recordOf(graphql['req']) ?? recordOf(graphql['request']);
}

/** The connection of a subscription and the request that opened it. */
function upgradeOf(graphql: Loose): { connection: Loose; upgrade: Loose } | undefined {
  const request = graphqlRequest(graphql);
  const connection = recordOf(request?.['extra']) ? request : graphql;
  const upgrade = recordOf(recordOf(connection?.['extra'])?.['request']);
  return connection && upgrade && { connection, upgrade };
}

function handshakeOfGraphql(graphql: Loose): Handshake {
  const subscription = upgradeOf(graphql);
  if (subscription) {
    const { connection, upgrade } = subscription;
    return { ...handshakeOfUpgrade(upgrade), auth: recordOf(connection['connectionParams']) };
  }
  const request = graphqlRequest(graphql);
  return { headers: recordOf(request?.['headers']), query: recordOf(request?.['query']) };
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
