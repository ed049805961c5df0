import type { Dispatcher } from 'undici';
import type { Clock } from '../common/clock.js';
import { httpChannel, type LimeHttpMessage } from '../diagnostics/channels.js';
import { traced } from '../diagnostics/operation.js';
import { LimeError, redact } from '../errors/index.js';
import { VERSION } from '../version.js';
import { createAgent, type HttpProxy } from './agent.js';
import {
  assertNoRedirect,
  type HttpResponse,
  NO_REDIRECTS,
  readText,
  type ResponseContext,
} from './response.js';
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
  /** The application's own; it stays open. @default an agent that {@link HttpClient.destroy} closes */
  httpClient: Dispatcher | undefined;
  /** For the default agent. */
  proxy: HttpProxy | undefined;
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
  /** Removed from errors, as the site token is. */
  secrets?: readonly string[];
  /** From the first byte sent to the last byte read, in milliseconds. */
  timeoutMs: number;
  /** A longer body is an error. */
  maxBytes: number;
}

type HttpRequest = Pick<HttpCall, 'method' | 'path' | 'secrets'>;

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
  readonly #isOwnAgent: boolean;
  readonly #closing = new AbortController();
  readonly #clock: Clock;
  /** Ends the event stream; aborted once that has ended. */
  #stream: AbortSignal | undefined;
  /** Routes that were answered while the event stream was open, for which an `httpClient` needs a second connection. */
  readonly #servedBesideStream = new Set<string>();

  constructor({ site, baseUrl, siteToken, httpClient, proxy, clock }: HttpClientOptions) {
    const url = new URL(baseUrl);
    this.#site = site;
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#siteToken = siteToken;
    this.#dispatcher = httpClient ?? createAgent(proxy, this.#closing.signal);
    this.#isOwnAgent = httpClient === undefined;
    this.#clock = clock;
  }

  /** Closes every connection, at once. An agent that the application passed in stays open. */
  async destroy(): Promise<void> {
    if (!this.#isOwnAgent) return;
    await this.#dispatcher.destroy();
    // undici leaves alone what is still connecting.
    this.#closing.abort();
  }

  /**
   * Sends a call and reads the whole answer.
   * @throws {LimeError} `NETWORK_ERROR`, `TLS_REFUSED`, `TIMEOUT`, `UNEXPECTED_REDIRECT`, `RESPONSE_TOO_LARGE`.
   */
  call(call: HttpCall): Promise<HttpResponse> {
    return this.#traced(call, (message) => this.#exchange(call, message));
  }

  /**
   * Opens the event stream and leaves its body to the caller, who ends it with `signal`.
   * @throws {LimeError} as {@link HttpClient.call}.
   */
  open(
    call: Pick<HttpCall, 'path' | 'headers' | 'attempt'>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    // `reset` lets no client pipeline a call behind the stream, which never ends.
    const request = { ...call, method: 'GET', authenticated: true, reset: true } as const;
    return this.#traced(request, async (message) => {
      try {
        const response = await this.#send(request, signal, message);
        this.#stream = signal;
        return response;
      } catch (error) {
        throw this.#errorOf(request, error);
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
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.#clock.schedule(() => {
        // Before the abort, which undici answers only once its connection is up or has failed.
        reject(this.#timeout(call));
        controller.abort();
      }, call.timeoutMs);
      void this.#sendAndRead(call, controller.signal, message)
        .then(resolve, (error: unknown) => reject(this.#errorOf(call, error)))
        .finally(cancelTimeout);
    });
  }

  async #sendAndRead(
    call: HttpCall,
    signal: AbortSignal,
    message: LimeHttpMessage | undefined,
  ): Promise<HttpResponse> {
    const response = await this.#send(call, signal, message);
    if (this.#hasOpenStream) this.#servedBesideStream.add(call.route ?? call.path);
    const { statusCode: status, headers } = response;
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#clock.now());
    try {
      const text = await readText(response, call.maxBytes, this.#contextOf(call));
      return { status, headers, text, retryAfterMs };
    } catch (error) {
      // The status of a failure says enough, and decides about a retry, when its body cannot be read.
      if (status < 400) throw error;
      return { status, headers, text: '', retryAfterMs };
    }
  }

  async #send(
    call: Omit<HttpCall, 'timeoutMs' | 'maxBytes'> & { reset?: boolean },
    signal: AbortSignal,
    message: LimeHttpMessage | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const response = await this.#dispatcher.request({
      ...NO_REDIRECTS,
      origin: this.#origin,
      path: this.#basePath + call.path,
      method: call.method,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': USER_AGENT,
        ...(call.authenticated && this.#siteToken && { 'x-site-token': this.#siteToken.reveal() }),
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      ...(call.reset && { reset: true }),
      headersTimeout: 0, // the clock of this module times calls and the stream
      bodyTimeout: 0,
      signal,
    });
    if (message) message.status = response.statusCode;
    assertNoRedirect(response, this.#nameOf(call));
    return response;
  }

  #timeout(call: HttpCall): LimeError {
    const problem = `${this.#nameOf(call)} got no complete answer within ${call.timeoutMs} ms (timeoutMs)`;
    const mayLackConnection =
      !this.#isOwnAgent &&
      this.#hasOpenStream &&
      !this.#servedBesideStream.has(call.route ?? call.path);
    const hint = mayLackConnection
      ? ', and the httpClient has not answered this call since the event stream opened. If it has one connection, the stream ' +
        'holds it: give it more, or leave httpClient out'
      : '';
    return new LimeError('TIMEOUT', problem + hint);
  }

  get #secrets(): readonly string[] {
    return this.#siteToken ? [this.#siteToken.reveal()] : [];
  }

  get #hasOpenStream(): boolean {
    return this.#stream?.aborted === false;
  }

  #errorOf(call: HttpRequest, error: unknown): LimeError {
    if (error instanceof LimeError) return error;
    return transportError(this.#nameOf(call), error, this.#contextOf(call).secrets);
  }

  #contextOf(call: HttpRequest): ResponseContext {
    return { call: this.#nameOf(call), secrets: [...this.#secrets, ...(call.secrets ?? [])] };
  }

  /** The id in a path is the application's, which may have put a secret there. */
  #nameOf({ method, path }: HttpRequest): string {
    return redact(`${method} ${this.#origin}${this.#basePath}${path}`, this.#secrets);
  }
}
