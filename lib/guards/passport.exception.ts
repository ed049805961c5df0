import { type ExecutionContext, HttpException } from '@nestjs/common';

/** The answer to the client for each code. The messages are generic: reasons are for logs. */
const ANSWERS = {
  missing_token: { status: 401, error: 'Unauthorized', message: 'A passport is required' },
  invalid_token: { status: 401, error: 'Unauthorized', message: 'The passport is not valid here' },
  invalid_request: {
    status: 400,
    error: 'Bad Request',
    message: 'The request must carry exactly one passport, and say what it is for',
  },
  access_denied: {
    status: 403,
    error: 'Forbidden',
    message: 'The passport does not meet the rules of this route',
  },
  keys_unavailable: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The passport cannot be verified at the moment; try again',
  },
  cluster_unavailable: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The login of the passport cannot be looked up at the moment; try again',
  },
  store_unavailable: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The login of the passport cannot be looked up at the moment; try again',
  },
  lime_unavailable: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The binding code cannot be exchanged at the moment; try again',
  },
} as const;

/** The stable code of a refusal, as clients get it. */
export type PassportExceptionCode = keyof typeof ANSWERS;

/** All codes of refusals. */
export const PASSPORT_EXCEPTION_CODES = Object.keys(ANSWERS) as PassportExceptionCode[];

/** Parameters of a challenge (RFC 9110 section 11.2): names that are tokens, values that a quoted-string can carry. */
export type ChallengeParameters = Readonly<Record<string, string>>;

/** Refuses a request: a code and a generic message for the client, the reason in `cause`. */
export class PassportException extends HttpException {
  readonly code: PassportExceptionCode;
  #parameters: ChallengeParameters = {};

  /** @param message replaces the message for the client. */
  constructor(
    code: PassportExceptionCode,
    cause?: unknown,
    message: string = ANSWERS[code].message,
  ) {
    const { status: statusCode, error } = ANSWERS[code];
    super({ statusCode, error, message, code }, statusCode, { cause });
    this.code = code;
  }

  /**
   * The value of `WWW-Authenticate` (RFC 6750 section 3), with the parameters of the option `challenge`; `undefined` for a
   * 503.
   */
  get challenge(): string | undefined {
    switch (this.code) {
      case 'missing_token': // gets no error code (RFC 6750 section 3.1)
        return bearerChallenge(this.#parameters);
      case 'invalid_token':
      case 'invalid_request':
        return bearerChallenge({ error: this.code, ...this.#parameters });
      case 'access_denied':
        return bearerChallenge({ error: 'insufficient_scope', ...this.#parameters });
      case 'keys_unavailable':
      case 'cluster_unavailable':
      case 'store_unavailable':
      case 'lime_unavailable':
        return undefined;
    }
  }

  /** @internal Adds parameters to the challenge. */
  addToChallenge(parameters: ChallengeParameters): void {
    this.#parameters = { ...this.#parameters, ...parameters };
  }
}

/** Writes each value as a quoted-string (RFC 9110 section 5.6.4). */
function bearerChallenge(parameters: ChallengeParameters): string {
  const written = Object.entries(parameters).map(
    ([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`,
  );
  return ['Bearer', written.join(', ')].join(' ').trimEnd();
}

/**
 * Turns a refusal into the exception that the transport of the context answers with. Nest knows `WsException` and
 * `RpcException` by `instanceof`, so they have to come from the application's own copy of the optional packages.
 */
export async function transportException(
  context: ExecutionContext,
  exception: PassportException,
): Promise<Error> {
  const { code, message, cause } = exception;
  const withCause = (error: Error) =>
    Object.defineProperty(error, 'cause', { value: cause, configurable: true });
  // The imports stand in a try block because bundlers then accept that an optional package is not installed.
  try {
    switch (context.getType<string>()) {
      case 'ws': {
        const { WsException } = await import('@nestjs/websockets');
        return withCause(new WsException({ status: 'error', code, message }));
      }
      case 'rpc': {
        const { RpcException } = await import('@nestjs/microservices');
        const statusCode = exception.getStatus();
        return withCause(new RpcException({ status: 'error', statusCode, code, message }));
      }
      default:
        return exception;
    }
  } catch {
    return exception; // the package was left out of the bundle; the request is refused all the same
  }
}
