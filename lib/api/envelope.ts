import {
  ApiError,
  AuthenticationError,
  LimeError,
  RateLimitError,
  redact,
  SiteAuthUnavailableError,
} from '../errors/index.js';
import type { HttpAnswer } from './http-transport.js';

const AUTHENTICATION_CODES = new Set([
  'SITE_TOKEN_MISSING',
  'SITE_TOKEN_INVALID',
  'SITE_SUSPENDED',
]);

export interface EnvelopeContext {
  /** What was asked, for messages, for example `POST /modules/agent-login/requests`. */
  call: string;
  /** What must not get into an error when the platform repeats it, such as the site token. */
  secrets: readonly string[];
  /** What the answer's `Retry-After` said. */
  retryAfterMs: number | undefined;
}

/**
 * Takes LIME's success envelope apart, or throws the error that its failure envelope stands for.
 * @throws {RateLimitError | AuthenticationError | SiteAuthUnavailableError | ApiError} what LIME said.
 * @throws {LimeError} `UNEXPECTED_RESPONSE` when the answer is neither envelope.
 */
export function openEnvelope(
  answer: HttpAnswer,
  context: EnvelopeContext,
): Record<string, unknown> {
  const payload = parseJson(answer.text);
  const succeeded = answer.status < 300 && isRecord(payload) && payload['ok'] === true;
  if (succeeded && isRecord(payload['data'])) return payload['data'];
  throw errorOf(answer, context);
}

/**
 * The error that an answer stands for. Proxies answer 401 and 429 without an envelope, so the status alone is enough.
 */
export function errorOf(
  answer: HttpAnswer,
  { call, secrets, retryAfterMs }: EnvelopeContext,
): LimeError {
  const payload = parseJson(answer.text);
  const failure = isRecord(payload) && isRecord(payload['error']) ? payload['error'] : undefined;
  const httpStatus = answer.status;
  const said = failure && (textOf(failure, 'message') ?? 'no message');
  const reason = said === undefined ? describe(answer, secrets) : redact(said, secrets);
  const message = `${redact(call, secrets)} answered HTTP ${httpStatus}: ${reason}`;
  // Decides before it is redacted: what a client made up as a secret may be a part of LIME's own words.
  const limeCode = failure && textOf(failure, 'code');
  const code = limeCode && redact(limeCode, secrets);
  const detail = isRecord(failure?.['detail']) ? redact(failure['detail'], secrets) : undefined;

  if (httpStatus === 429 || limeCode === 'RATE_LIMIT_EXCEEDED') {
    return new RateLimitError(code ?? 'RATE_LIMIT_EXCEEDED', message, {
      httpStatus,
      detail,
      retryAfterMs,
    });
  }
  if (httpStatus === 401 || (limeCode !== undefined && AUTHENTICATION_CODES.has(limeCode))) {
    return new AuthenticationError(code ?? 'UNAUTHORIZED', message, { httpStatus, detail });
  }
  if (limeCode === 'SITE_TOKEN_AUTH_UNAVAILABLE') {
    return new SiteAuthUnavailableError(limeCode, message, { httpStatus, detail });
  }
  if (failure) return new ApiError(code ?? 'UNKNOWN_ERROR', message, { httpStatus, detail });
  return new LimeError('UNEXPECTED_RESPONSE', message, { httpStatus });
}

/** What came, in one line that fits a log. */
function describe({ headers, text }: HttpAnswer, secrets: readonly string[]): string {
  const type = redact(String(headers['content-type'] ?? 'no content type'), secrets);
  // Cut after the redaction: half a secret is one too.
  const start = redact(text, secrets).slice(0, 120).replaceAll(/\s+/g, ' ').trim();
  return text === '' ? `an empty body (${type})` : `not LIME's envelope but ${type}: ${start}`;
}

function textOf(record: Record<string, unknown>, field: string): string | undefined {
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
