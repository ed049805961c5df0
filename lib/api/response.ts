import type { Dispatcher } from 'undici';
import { isObject } from '../common/check-options.js';
import {
  ApiError,
  AuthenticationError,
  LimeError,
  RateLimitError,
  redact,
  SiteAuthUnavailableError,
} from '../errors/index.js';
import { decodedBody } from './content-encoding.js';

/** Turns off the redirect interceptor of an `httpClient`, in undici 5 to 8. The types of undici 7 do not have it. */
export const NO_REDIRECTS = { maxRedirections: 0 };
const AUTHENTICATION_CODES: ReadonlySet<unknown> = new Set([
  'SITE_TOKEN_MISSING',
  'SITE_TOKEN_INVALID',
  'SITE_SUSPENDED',
]);

/** A date without `Z` or an offset would mean another instant on every server. */
const ZONED_DATE = /T.*(Z|[+-]\d{2}:?\d{2})$/i;

/** A whole HTTP response. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Decoded; empty for a failure whose body cannot be read. */
  text: string;
  /** From `Retry-After`. */
  retryAfterMs: number | undefined;
}

/** What errors about a response may show. */
export interface ResponseContext {
  /** For messages, without secrets, for example `POST /modules/agent-login/requests`. */
  call: string;
  /** Removed from errors, such as the site token that a platform may repeat. */
  secrets: readonly string[];
}

/**
 * Reads a whole body. The limit counts decoded bytes, so that a few compressed ones cannot fill the memory.
 * @throws {LimeError} `RESPONSE_TOO_LARGE`; `UNEXPECTED_RESPONSE` for an encoding that the module does not decode.
 */
export async function readText(
  response: Dispatcher.ResponseData,
  maxBytes: number,
  context: ResponseContext,
): Promise<string> {
  const body = decodedBody(response);
  if (!body) throw unknownEncoding(response, context);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new LimeError(
        'RESPONSE_TOO_LARGE',
        `${context.call} answered with more than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function unknownEncoding(
  { statusCode: httpStatus, headers, body }: Dispatcher.ResponseData,
  { call, secrets }: ResponseContext,
): LimeError {
  body.on('error', () => undefined).destroy();
  const encoding = redact(String(headers['content-encoding']), secrets);
  return new LimeError(
    'UNEXPECTED_RESPONSE',
    `${call} answered HTTP ${httpStatus} with content-encoding ${encoding}, although the module asks for identity; it can ` +
      'decode gzip, deflate and br',
    { httpStatus },
  );
}

/**
 * Opens LIME's success envelope, or throws the error of its failure envelope.
 * @throws {RateLimitError | AuthenticationError | SiteAuthUnavailableError | ApiError} by LIME's status and code.
 * @throws {LimeError} `UNEXPECTED_RESPONSE` for an answer without either envelope.
 */
export function openEnvelope(response: HttpResponse, context: ResponseContext): ResponseFields {
  const payload = parseJson(response.text);
  const succeeded = response.status < 300 && isRecord(payload) && payload['ok'] === true;
  if (succeeded && isRecord(payload['data'])) return new ResponseFields(payload['data'], context);
  throw errorOf(response, context);
}

/**
 * Creates the error that a response stands for. Proxies answer 401 and 429 without an envelope, so the status is enough.
 * Decides before the redaction, because a client may choose a binding code that is a part of LIME's own words.
 */
export function errorOf(response: HttpResponse, { call, secrets }: ResponseContext): LimeError {
  const { status: httpStatus, retryAfterMs } = response;
  const payload = parseJson(response.text);
  const failure = isRecord(payload) && isRecord(payload['error']) ? payload['error'] : undefined;
  const reason = failure
    ? redact(stringIn(failure, 'message') ?? 'no message', secrets)
    : describe(response, secrets);
  const message = `${call} answered HTTP ${httpStatus}: ${reason}`;
  const limeCode = failure && stringIn(failure, 'code');
  const code = limeCode && redact(limeCode, secrets);
  const detail = isRecord(failure?.['detail']) ? redact(failure['detail'], secrets) : undefined;
  const options = { httpStatus, detail };

  if (httpStatus === 429 || limeCode === 'RATE_LIMIT_EXCEEDED') {
    return new RateLimitError(code ?? 'RATE_LIMIT_EXCEEDED', message, { ...options, retryAfterMs });
  }
  if (httpStatus === 401 || AUTHENTICATION_CODES.has(limeCode)) {
    return new AuthenticationError(code ?? 'UNAUTHORIZED', message, options);
  }
  if (limeCode === 'SITE_TOKEN_AUTH_UNAVAILABLE') {
    return new SiteAuthUnavailableError(limeCode, message, options);
  }
  if (failure) return new ApiError(code ?? 'UNKNOWN_ERROR', message, options);
  return new LimeError('UNEXPECTED_RESPONSE', message, { httpStatus });
}

/** Reads the fields of a success, and reports a missing or malformed one as `UNEXPECTED_RESPONSE`. */
export class ResponseFields {
  readonly #data: Record<string, unknown>;
  readonly #context: ResponseContext;

  constructor(data: Record<string, unknown>, context: ResponseContext) {
    this.#data = data;
    this.#context = context;
  }

  has(field: string): boolean {
    return this.#data[field] !== undefined && this.#data[field] !== null;
  }

  /** A string that is not blank. */
  string(field: string): string {
    const value = stringIn(this.#data, field);
    if (value !== undefined && value.trim() !== '') return value;
    throw this.#unusable(field, 'a non-empty string');
  }

  /** An ISO 8601 date with a zone. */
  date(field: string): Date {
    const value = stringIn(this.#data, field) ?? '';
    const date = new Date(ZONED_DATE.test(value) ? value : Number.NaN);
    if (!Number.isNaN(date.getTime())) return date;
    throw this.#unusable(field, 'an ISO 8601 date with Z or an offset');
  }

  #unusable(field: string, expected: string): LimeError {
    const { call, secrets } = this.#context;
    const actual = redact(this.#data[field], secrets);
    const got = actual === undefined ? 'nothing' : JSON.stringify(actual).slice(0, 80);
    return new LimeError(
      'UNEXPECTED_RESPONSE',
      `${call} answered without a usable \`${field}\`: expected ${expected}, got ${got}`,
      { detail: { field, actual } },
    );
  }
}

/** One line about an answer without LIME's envelope, for a log. */
function describe({ headers, text }: HttpResponse, secrets: readonly string[]): string {
  const type = redact(String(headers['content-type'] ?? 'no content type'), secrets);
  // Cut after the redaction, which would not find half a secret.
  const start = redact(text, secrets).slice(0, 120).replaceAll(/\s+/g, ' ').trim();
  return text === ''
    ? `an empty or unreadable body (${type})`
    : `not LIME's envelope but ${type}: ${start}`;
}

function stringIn(record: Record<string, unknown>, field: string): string | undefined {
  const value = record[field];
  return typeof value === 'string' ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Refuses a redirect, and the answer to one that an `httpClient` has followed all the same.
 * @throws {LimeError} `UNEXPECTED_REDIRECT`
 */
export function assertNoRedirect(
  { statusCode, body, context }: Dispatcher.ResponseData,
  call: string,
): void {
  const followed = hasFollowedRedirect(context);
  if (!followed && (statusCode < 300 || statusCode >= 400)) return;
  body.on('error', () => undefined).destroy();
  const problem = followed
    ? `${call} was redirected, and the httpClient followed. The site token may have reached another origin. Pass an ` +
      'httpClient that does not follow redirects, and set baseUrl to the final address.'
    : `${call} answered with a redirect (HTTP ${statusCode}), which the module does not follow, so that the site token ` +
      'cannot reach another origin. Set baseUrl to the final address.';
  // The status of another origin must not decide about a retry.
  const httpStatus = followed ? undefined : statusCode;
  throw new LimeError('UNEXPECTED_REDIRECT', problem, { httpStatus });
}

/** Reads the addresses that undici's redirect handlers add to the response. */
function hasFollowedRedirect(context: unknown): boolean {
  const history: unknown = isObject(context) && Reflect.get(context, 'history');
  return Array.isArray(history) && history.length > 1;
}
