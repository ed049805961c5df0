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
import { isRetryable, retryDelay } from './retry-policy.js';

/** An answer to a site call is a few hundred bytes; more than this is not LIME. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface ApiClientOptions {
  transport: HttpTransport;
  siteToken: SiteToken;
  /** Per HTTP request, in milliseconds. */
  timeoutMs: number;
  /** Further tries after the first one. */
  maxRetries: number;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

type SiteCall = Pick<HttpCall, 'method' | 'path' | 'route' | 'body' | 'headers'>;
interface Outcome {
  fields?: FieldReader;
  error?: unknown;
  retryAfterMs?: number | undefined;
}

/** Site calls with the envelope taken off, tried again where that can help. */
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
    return this.#request({ method: 'GET', path, route });
  }

  /**
   * Every try of one call carries the same `Idempotency-Key`, so that a platform that knows the header does not
   * create twice when only the answer was lost. (On one that does not, the first request expires unused.)
   * @throws {LimeError} the last try's error.
   */
  post(path: string, body: Record<string, unknown>): Promise<FieldReader> {
    const headers = { 'idempotency-key': randomUUID() };
    return this.#request({ method: 'POST', path, body, headers });
  }

  async #request(call: SiteCall): Promise<FieldReader> {
    const { maxRetries, clock, random, logger } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const { fields, error, retryAfterMs } = await this.#try(call, attempt + 1);
      if (fields) return fields;
      if (!isRetryable(error) || attempt >= maxRetries) throw error;
      const delay = retryDelay(attempt, retryAfterMs, random);
      logger.debug(`${String(error)}; trying again in ${Math.round(delay)} ms`);
      await sleep(clock, delay);
    }
  }

  async #try(call: SiteCall, attempt: number): Promise<Outcome> {
    const { transport, siteToken, timeoutMs, clock } = this.#options;
    let retryAfterMs: number | undefined;
    try {
      const limits = { timeoutMs, maxBytes: MAX_ANSWER_BYTES };
      const answer = await transport.call({ ...call, ...limits, attempt, authenticated: true });
      retryAfterMs = parseRetryAfter(answer.headers['retry-after'], clock.now());
      const context = { call: `${call.method} ${call.path}`, secrets: [siteToken.reveal()] };
      const data = openEnvelope(answer, { ...context, retryAfterMs });
      return { fields: new FieldReader(data, context.call, context.secrets) };
    } catch (error) {
      return { error, retryAfterMs };
    }
  }
}
