import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Clock } from '../common/clock.js';
import { httpChannel } from '../diagnostics/channels.js';
import type { LimeHttpMessage } from '../diagnostics/channels.js';
import { traced } from '../diagnostics/operation.js';
import { LimeError } from '../errors/index.js';
import { VERSION } from '../version.js';
import { type HttpResponse, readText } from './response.js';
import { parseRetryAfter } from './retry.js';
import type { SiteToken } from './site-token.js';
import { transportError } from './transport-error.js';

/** Some edges refuse clients without one. */
const USER_AGENT = `nestjs-lime-sites/${VERSION}`;

export interface HttpClientOptions {
  /** The name of the site. */
  site: string;
  /** Absolute, without a trailing slash. */
  baseUrl: string;
  /** Only the JWKS can be fetched without one. */
  siteToken?: SiteToken | undefined;
  dispatcher: Dispatcher;
  clock: Clock;
}

export interface HttpCall {
  method: 'GET' | 'POST';
  /** Relative to the base URL, with a leading slash. */
  path: string;
  /** The path for tracing, with `{id}` in place of ids. @default the path */
  route?: string;
  /** The number of this try. @default 1 */
  attempt?: number;
  /** `false` for the public JWKS, which must never get the site token. */
  authenticated: boolean;
  headers?: Record<string, string>;
  body?: unknown;
  /** Removed from errors of the HTTP library. */
  secrets?: readonly string[];
  /** From the first byte sent to the last byte read, in milliseconds. */
  timeoutMs: number;
  /** A longer body is an error. */
  maxBytes: number;
}

/**
 * Creates the agent for applications without an `httpClient`: keep-alive, and `HTTPS_PROXY` / `NO_PROXY` from the environment.
 * `HTTP_PROXY` is ignored on purpose: plain HTTP is for loopback, which a proxy cannot reach.
 */
export function createAgent(): Dispatcher {
  return new EnvHttpProxyAgent({ httpProxy: '' });
}

/**
 * Exchanges HTTP messages with LIME. Two rules hold for every call: a redirect is an error, because another origin must never
 * get the site token, and a call never reads without limits.
 */
export class HttpClient {
  readonly #site: string;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #siteToken: SiteToken | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor({ site, baseUrl, siteToken, dispatcher, clock }: HttpClientOptions) {
    const url = new URL(baseUrl);
    this.#site = site;
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#siteToken = siteToken;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
  }

  /**
   * Sends a call and reads the whole answer.
   * @throws {LimeError} `NETWORK_ERROR`, `TLS_REFUSED`, `TIMEOUT`, `UNEXPECTED_REDIRECT`, `RESPONSE_TOO_LARGE`.
   */
  call(call: HttpCall): Promise<HttpResponse> {
    return this.#traced(call, (message) => this.#exchange(call, message));
  }

  /**
   * Opens a response and leaves its body to the caller, who ends it with `signal`.
   * @throws {LimeError} as {@link HttpClient.call}.
   */
  open(
    call: Pick<HttpCall, 'path' | 'headers' | 'attempt'>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const request = { ...call, method: 'GET', authenticated: true } as const;
    return this.#traced(request, async (message) => {
      try {
        return await this.#send(request, signal, message);
      } catch (error) {
        throw error instanceof LimeError ? error : transportError(this.#nameOf(request), error);
      }
    });
  }

  #traced<Result>(
    { method, path, route = path, attempt = 1 }: Omit<HttpCall, 'timeoutMs' | 'maxBytes'>,
    work: (message?: LimeHttpMessage) => Promise<Result>,
  ): Promise<Result> {
    return traced(httpChannel, () => ({ site: this.#site, method, route, attempt }), work);
  }

  #exchange(call: HttpCall, message?: LimeHttpMessage): Promise<HttpResponse> {
    const controller = new AbortController();
    const name = this.#nameOf(call);
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.#clock.schedule(() => {
        // Before the abort, which undici answers only once its connection is up or has failed.
        reject(
          new LimeError(
            'TIMEOUT',
            `${name} got no complete answer within ${call.timeoutMs} ms (timeoutMs)`,
          ),
        );
        controller.abort();
      }, call.timeoutMs);
      void this.#sendAndRead(call, controller.signal, message)
        .then(resolve, (error: unknown) => {
          reject(error instanceof LimeError ? error : transportError(name, error, call.secrets));
        })
        .finally(cancelTimeout);
    });
  }

  async #sendAndRead(
    call: HttpCall,
    signal: AbortSignal,
    message: LimeHttpMessage | undefined,
  ): Promise<HttpResponse> {
    const { statusCode, headers, body } = await this.#send(call, signal, message);
    return {
      status: statusCode,
      headers,
      text: await readText(body, call.maxBytes, this.#nameOf(call)),
      retryAfterMs: parseRetryAfter(headers['retry-after'], this.#clock.now()),
    };
  }

  async #send(
    call: Pick<HttpCall, 'method' | 'path' | 'authenticated' | 'headers' | 'body'>,
    signal: AbortSignal,
    message: LimeHttpMessage | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const response = await this.#dispatcher.request({
      origin: this.#origin,
      path: this.#basePath + call.path,
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': USER_AGENT,
        ...(call.authenticated && this.#siteToken && { 'x-site-token': this.#siteToken.reveal() }),
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      headersTimeout: 0, // the clock of this module times calls and the stream
      bodyTimeout: 0,
      signal,
    });
    if (message) message.status = response.statusCode;
    if (response.statusCode >= 300 && response.statusCode < 400) {
      response.body.on('error', () => undefined).destroy();
      throw new LimeError(
        'UNEXPECTED_REDIRECT',
        `${this.#nameOf(call)} answered with a redirect (HTTP ${response.statusCode}), which the module does not follow, ` +
          'so that the site token cannot reach another origin. Set baseUrl to the final address.',
        { httpStatus: response.statusCode },
      );
    }
    return response;
  }

  #nameOf({ method, path }: Pick<HttpCall, 'method' | 'path'>): string {
    return `${method} ${this.#origin}${this.#basePath}${path}`;
  }
}
