import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/backoff.js';
import { LimeError, redact } from '../errors/index.js';
import type { BindingRequestResult, LoginRequestResult } from '../interfaces/requests.interface.js';
import type { HttpCall, HttpClient } from './http-client.js';
import { type HttpResponse, openEnvelope, type ResponseFields } from './response.js';
import {
  isRetryable,
  RETRY_BINDING,
  RETRY_EXCHANGE,
  RETRY_LOGIN,
  RETRY_READ,
  retryDelay,
  type RetryRule,
} from './retry.js';
import type { SiteToken } from './site-token.js';

const LOGIN_REQUESTS = '/modules/agent-login/requests';
const BINDING_REQUESTS = '/modules/bindings/requests';
const BINDING_EXCHANGE = '/modules/bindings/exchange';

/** Text that a URL cannot carry. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** LIME answers with a few hundred bytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;

export interface LimeApiOptions {
  http: HttpClient;
  siteToken: SiteToken;
  /** Per HTTP request, in milliseconds. */
  timeoutMs: number;
  /** Retries after the first try. */
  maxRetries: number;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

type SiteCall = Pick<HttpCall, 'method' | 'path' | 'route' | 'body' | 'headers' | 'secrets'> & {
  retry: RetryRule;
};

/** The site calls of LIME, typed and retried by LIME's rules. A call throws the error of its last try. */
export class LimeApi {
  readonly #options: LimeApiOptions;
  readonly #closing = new AbortController();

  constructor(options: LimeApiOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closing.signal); // one for each call that waits for a retry
  }

  /** Ends every wait for a retry. From then on a call is tried once. */
  close(): void {
    this.#closing.abort();
  }

  /** `POST /modules/agent-login/requests` */
  async createLoginRequest(): Promise<LoginRequestResult> {
    const fields = await this.#send({
      method: 'POST',
      path: LOGIN_REQUESTS,
      body: {},
      headers: { 'idempotency-key': randomUUID() },
      retry: RETRY_LOGIN,
    });
    return {
      requestId: fields.string('login_request_id'),
      status: fields.string('status'),
      expiresAt: fields.date('expires_at'),
    };
  }

  /**
   * `GET /modules/agent-login/requests/{id}`
   * @returns the status; `expiresAt` only if the platform repeats it, which is not known.
   */
  async getLoginRequest(
    requestId: string,
  ): Promise<Pick<LoginRequestResult, 'status'> & { expiresAt: Date | undefined }> {
    const fields = await this.#send({
      method: 'GET',
      path: `${LOGIN_REQUESTS}/${toPathSegment(requestId)}`,
      route: `${LOGIN_REQUESTS}/{id}`,
      retry: RETRY_READ,
    });
    return {
      status: fields.string('status'),
      expiresAt: fields.has('expires_at') ? fields.date('expires_at') : undefined,
    };
  }

  /** `POST /modules/bindings/requests` */
  async createBindingRequest(redirectUri: string): Promise<BindingRequestResult> {
    checkAbsoluteUrl(redirectUri);
    const fields = await this.#send({
      method: 'POST',
      path: BINDING_REQUESTS,
      body: { redirect_uri: redirectUri },
      headers: { 'idempotency-key': randomUUID() },
      retry: RETRY_BINDING,
    });
    return {
      bindingId: fields.string('binding_id'),
      connectUrl: fields.string('connect_url'),
      status: fields.string('status'),
      expiresAt: fields.date('expires_at'),
    };
  }

  /**
   * `POST /modules/bindings/exchange`
   * @returns the binding passport, not verified.
   */
  async exchangeBindingCode(code: string): Promise<string> {
    const fields = await this.#send({
      method: 'POST',
      path: BINDING_EXCHANGE,
      body: { binding_code: code },
      secrets: [code],
      retry: RETRY_EXCHANGE,
    });
    return fields.string('passport');
  }

  async #send({ retry, ...call }: SiteCall): Promise<ResponseFields> {
    const { http, siteToken, timeoutMs, maxRetries, clock, random, logger } = this.#options;
    const secrets = [siteToken.reveal(), ...(call.secrets ?? [])];
    const name = redact(`${call.method} ${call.path}`, secrets);
    const limits = { timeoutMs, maxBytes: MAX_RESPONSE_BYTES };
    for (let attempt = 1; ; attempt++) {
      let response: HttpResponse | undefined;
      try {
        response = await http.call({ ...call, ...limits, secrets, attempt, authenticated: true });
        return openEnvelope(response, { call: name, secrets });
      } catch (error) {
        if (attempt > maxRetries || !isRetryable(error, retry)) throw error;
        const delayMs = retryDelay(attempt - 1, response?.retryAfterMs, random);
        logger.debug(`${error.message}; retrying in ${Math.round(delayMs)} ms`);
        await sleep(clock, delayMs, this.#closing.signal);
        if (this.#closing.signal.aborted) throw error;
      }
    }
  }
}

function toPathSegment(requestId: unknown): string {
  if (typeof requestId === 'string' && requestId.trim() !== '') {
    if (!LONE_SURROGATE.test(requestId)) return encodeURIComponent(requestId);
  }
  throw new LimeError(
    'INVALID_ARGUMENT',
    'requestId must be a non-empty string: pass the requestId of createLoginRequest()',
  );
}

function checkAbsoluteUrl(redirectUri: string): void {
  const protocol = URL.canParse(redirectUri) ? new URL(redirectUri).protocol : undefined;
  if (protocol === 'https:' || protocol === 'http:') return;
  throw new LimeError(
    'INVALID_ARGUMENT',
    `redirectUri must be an absolute URL such as https://your.app/bind/callback, got ${JSON.stringify(redirectUri)}`,
    { detail: { field: 'redirectUri', actual: redirectUri } },
  );
}
