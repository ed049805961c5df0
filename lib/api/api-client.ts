import { randomUUID } from 'node:crypto';
import {
  type HttpCall,
  type HttpTransport,
  openEnvelope,
  parseRetryAfter,
  type SiteToken,
} from '../http/index.js';
import { type Clock, type LimeLogger, type Random, sleep } from '../ports/index.js';
import { FieldReader } from './field-reader.js';
import { isRetryable, RETRY_READ, retryDelay, type RetryRule } from './retry-policy.js';

/** An answer to a site call is a few hundred bytes; more than this is not LIME. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface ApiClientOptions {
  transport: HttpTransport;
  siteToken: SiteToken;
  /** Per HTTP request, in milliseconds. */
  timeoutMs: number;
  /** Retries after the first try. */
  maxRetries: number;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** How one POST is made. */
export interface PostOptions {
  /** After which failures it is retried. */
  retry: RetryRule;
  /** Sends one `Idempotency-Key` with every try of the call. */
  idempotencyKey?: boolean;
  /** Values of the body that must not appear in an error or a log line. */
  secrets?: readonly string[];
}

type SiteCall = Pick<HttpCall, 'method' | 'path' | 'route' | 'body' | 'headers'> & {
  retry: RetryRule;
  secrets: readonly string[];
};
interface Outcome {
  fields?: FieldReader;
  error?: unknown;
  retryAfterMs?: number | undefined;
}

/** Site calls with the envelope taken off, retried where that can help. */
export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /**
   * @param route the path with `{id}` in place of ids.
   * @throws {LimeError} the last try's error.
   */
  get(path: string, route: string): Promise<FieldReader> {
    const { siteToken } = this.#options;
    return this.#request({
      method: 'GET',
      path,
      route,
      retry: RETRY_READ,
      secrets: [siteToken.reveal()],
    });
  }

  /** @throws {LimeError} the last try's error. */
  post(
    path: string,
    body: Record<string, unknown>,
    { retry, idempotencyKey = false, secrets = [] }: PostOptions,
  ): Promise<FieldReader> {
    const { siteToken } = this.#options;
    return this.#request({
      method: 'POST',
      path,
      body,
      retry,
      secrets: [siteToken.reveal(), ...secrets],
      ...(idempotencyKey && { headers: { 'idempotency-key': randomUUID() } }),
    });
  }

  async #request(call: SiteCall): Promise<FieldReader> {
    const { maxRetries, clock, random, logger } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const { fields, error, retryAfterMs } = await this.#try(call, attempt + 1);
      if (fields) return fields;
      if (!isRetryable(error, call.retry) || attempt >= maxRetries) throw error;
      const delay = retryDelay(attempt, retryAfterMs, random);
      logger.debug(`${String(error)}; retrying in ${Math.round(delay)} ms`);
      await sleep(clock, delay);
    }
  }

  async #try(call: SiteCall, attempt: number): Promise<Outcome> {
    const { transport, timeoutMs, clock } = this.#options;
    let retryAfterMs: number | undefined;
    try {
      const limits = { timeoutMs, maxBytes: MAX_ANSWER_BYTES };
      const answer = await transport.call({ ...call, ...limits, attempt, authenticated: true });
      retryAfterMs = parseRetryAfter(answer.headers['retry-after'], clock.now());
      const context = { call: `${call.method} ${call.path}`, secrets: call.secrets };
      const data = openEnvelope(answer, { ...context, retryAfterMs });
      return { fields: new FieldReader(data, context.call, context.secrets) };
    } catch (error) {
      return { error, retryAfterMs };
    }
  }
}
