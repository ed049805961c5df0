import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { decodedBody } from '../api/content-encoding.js';
import type { HttpClient } from '../api/http-client.js';
import { errorOf, readText, type ResponseContext } from '../api/response.js';
import { parseRetryAfter } from '../api/retry.js';
import type { SiteToken } from '../api/site-token.js';
import type { Clock } from '../common/clock.js';
import { LimeError, redact } from '../errors/index.js';

const EVENTS_PATH = '/modules/agent-login/events';
const CALL = `GET ${EVENTS_PATH}`;
/** How much of an error page is read for the message. */
const MAX_ERROR_BYTES = 64 * 1024;

export interface StreamConnectorOptions {
  http: HttpClient;
  siteToken: SiteToken;
  clock: Clock;
}

export interface StreamRequest {
  /** Sent back as `Last-Event-ID`; empty for none. */
  lastEventId: string;
  /** How long the response may take to begin, in milliseconds. */
  timeoutMs: number;
  /** Attempts since the stream was last open, this one included. */
  attempt: number;
}

/** A response that is not an event stream. */
export class StreamRefused extends Error {
  constructor(
    readonly reason: LimeError,
    readonly retryAfterMs: number | undefined,
  ) {
    super(reason.message);
  }
}

/** Opens the event stream and checks that the response is one. */
export class StreamConnector {
  readonly #options: StreamConnectorOptions;

  constructor(options: StreamConnectorOptions) {
    this.#options = options;
  }

  /**
   * Requests the stream. An abort of `controller` ends it, before and after it is open; its reason becomes the error.
   * @returns the decoded body.
   * @throws {StreamRefused} the response is not an event stream.
   * @throws {LimeError} `NETWORK_ERROR`, `TLS_REFUSED`, `TIMEOUT`, `UNEXPECTED_REDIRECT`.
   */
  async open(request: StreamRequest, controller: AbortController): Promise<Readable> {
    const { timeoutMs } = request;
    const cancelTimeout = this.#options.clock.schedule(() => {
      controller.abort(new LimeError('TIMEOUT', `${CALL} was not answered within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await abortable(this.#request(request, controller.signal), controller.signal);
    } finally {
      cancelTimeout();
    }
  }

  async #request({ lastEventId, attempt }: StreamRequest, signal: AbortSignal): Promise<Readable> {
    const headers = {
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
      ...(lastEventId !== '' && { 'last-event-id': toHeaderValue(lastEventId) }),
    };
    const response = await this.#options.http.open({ path: EVENTS_PATH, headers, attempt }, signal);
    const { statusCode, headers: received } = response;
    const body = statusCode === 200 && isEventStream(received) && decodedBody(response);
    return body || this.#refuse(response);
  }

  async #refuse(response: Dispatcher.ResponseData): Promise<never> {
    const { statusCode: status, headers } = response;
    const context = { call: CALL, secrets: [this.#options.siteToken.reveal()] };
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.clock.now());
    if (status < 400) throw new StreamRefused(noEventStream(response, context), retryAfterMs);
    // The status says enough when the error page never ends or cannot be read.
    const text = await readText(response, MAX_ERROR_BYTES, context).catch(() => '');
    throw new StreamRefused(
      errorOf({ status, headers, text, retryAfterMs }, context),
      retryAfterMs,
    );
  }
}

/** Rejects as soon as `signal` aborts: undici answers an abort only once its connection is up or has failed. */
function abortable(opening: Promise<Readable>, signal: AbortSignal): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
      const destroy = (body: Readable) => {
        body.on('error', () => undefined).destroy(signal.reason as Error);
      };
      opening.then(destroy, () => undefined);
    };
    signal.addEventListener('abort', abort, { once: true });
    opening.then(resolve, reject);
  });
}

function isEventStream({ 'content-type': type }: Dispatcher.ResponseData['headers']): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(String(type ?? ''));
}

function noEventStream(
  { statusCode: httpStatus, headers }: Dispatcher.ResponseData,
  { call, secrets }: ResponseContext,
): LimeError {
  const type = String(headers['content-type'] ?? '') || 'no content type';
  const encoding = String(headers['content-encoding'] ?? 'identity');
  const received = redact(`${type} (${encoding})`, secrets);
  return new LimeError(
    'NO_EVENT_STREAM',
    `${call} answered HTTP ${httpStatus} with ${received} instead of an event stream`,
    { httpStatus },
  );
}

/** Encodes an id as UTF-8 bytes, as WHATWG HTML demands for this header, in a form that undici accepts. */
function toHeaderValue(id: string): string {
  return Buffer.from(id, 'utf8').toString('latin1');
}
