import type { Dispatcher } from 'undici';
import { LimeError } from '../errors/index.js';
import type { Clock } from '../common/clock.js';
import { httpChannel } from '../diagnostics/channels.js';
import type { LimeHttpMessage } from '../diagnostics/channels.js';
import { traced } from '../diagnostics/operation.js';
import type { SiteToken } from './site-token.js';
import { VERSION } from '../version.js';
import { transportError } from './transport-error.js';

/** Some edges refuse clients without one. */
const USER_AGENT = `nestjs-lime-sites/${VERSION}`;

export interface HttpTransportOptions {
  /** The name of the site. */
  site: string;
  /** Absolute, without a trailing slash. */
  baseUrl: string;
  siteToken: SiteToken;
  dispatcher: Dispatcher;
  clock: Clock;
}

export interface HttpCall {
  method: 'GET' | 'POST';
  /** Relative to the base URL, with a leading slash. */
  path: string;
  /** The path as it is told to those who trace: with `{id}` in place of ids. Default: the path. */
  route?: string;
  /** Which try this is, from 1 on. Default 1. */
  attempt?: number;
  /** `false` for the public key set, which must never see the site token. */
  authenticated: boolean;
  headers?: Record<string, string>;
  body?: unknown;
  /** What must not get into an error when the HTTP client repeats it. */
  secrets?: readonly string[];
  /** From the first byte sent to the last byte read, in milliseconds. */
  timeoutMs: number;
  /** A longer body is refused. */
  maxBytes: number;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/**
 * One HTTP exchange with LIME: the base URL, the site token, and the two rules that hold for every call:
 * a redirect is an error (another origin must never see the token), and nothing is read without limits.
 */
export class HttpTransport {
  readonly #site: string;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #siteToken: SiteToken;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor({ site, baseUrl, siteToken, dispatcher, clock }: HttpTransportOptions) {
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
  call(call: HttpCall): Promise<HttpAnswer> {
    return this.#traced(call, (message) => this.#exchange(call, message));
  }

  async #exchange(call: HttpCall, message?: LimeHttpMessage): Promise<HttpAnswer> {
    const controller = new AbortController();
    let timedOut = false;
    const cancelTimeout = this.#clock.schedule(() => {
      timedOut = true;
      controller.abort();
    }, call.timeoutMs);
    const name = this.#nameOf(call);
    try {
      const response = await this.#send(call, controller.signal, message);
      return {
        status: response.statusCode,
        headers: response.headers,
        text: await readText(response.body, call.maxBytes, name),
      };
    } catch (error) {
      if (error instanceof LimeError) throw error;
      if (timedOut) {
        throw new LimeError(
          'TIMEOUT',
          `${name} got no complete answer within ${call.timeoutMs} ms (timeoutMs)`,
        );
      }
      throw transportError(name, error, call.secrets);
    } finally {
      cancelTimeout();
    }
  }

  /**
   * Opens a response whose body is read as it comes. The caller ends it through `signal`.
   * @throws {LimeError} as {@link HttpTransport.call} does.
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
        ...(call.authenticated && { 'x-site-token': this.#siteToken.reveal() }),
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      headersTimeout: 0, // our own clock decides, for the stream as for calls
      bodyTimeout: 0,
      signal,
    });
    if (message) message.status = response.statusCode;
    if (response.statusCode >= 300 && response.statusCode < 400) {
      response.body.on('error', () => undefined).destroy();
      throw new LimeError(
        'UNEXPECTED_REDIRECT',
        `${this.#nameOf(call)} answered with a redirect (HTTP ${response.statusCode}); it is not followed, so that ` +
          'the site token cannot reach another origin. Set baseUrl to the final address.',
        { httpStatus: response.statusCode },
      );
    }
    return response;
  }

  #nameOf({ method, path }: Pick<HttpCall, 'method' | 'path'>): string {
    return `${method} ${this.#origin}${this.#basePath}${path}`;
  }
}

/** @throws {LimeError} `RESPONSE_TOO_LARGE` */
export async function readText(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  name: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new LimeError(
        'RESPONSE_TOO_LARGE',
        `${name} answered with more than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}
