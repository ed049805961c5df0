import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { HttpClient } from '../api/http-client.js';
import { errorOf, readText } from '../api/response.js';
import { parseRetryAfter } from '../api/retry.js';
import type { SiteToken } from '../api/site-token.js';
import type { Clock } from '../common/clock.js';
import { LimeError } from '../errors/index.js';

const EVENTS_PATH = '/modules/agent-login/events';
const CALL = `GET ${EVENTS_PATH}`;
/** How much of an error page is read for the message. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Decoders that flush after each write, so that an event does not wait for the next one. */
const DECODERS = new Map<string, () => Transform>([
  ['gzip', () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH })],
  ['deflate', () => zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH })],
  ['br', () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH })],
]);

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
      'accept-encoding': 'identity',
      'cache-control': 'no-cache',
      ...(lastEventId !== '' && { 'last-event-id': toHeaderValue(lastEventId) }),
    };
    const response = await this.#options.http.open({ path: EVENTS_PATH, headers, attempt }, signal);
    await this.#assertEventStream(response);
    return decoded(response);
  }

  async #assertEventStream(response: Dispatcher.ResponseData): Promise<void> {
    const { statusCode: status, headers, body } = response;
    const type = String(headers['content-type'] ?? '');
    const encoding = encodingOf(response);
    const readable = encoding === 'identity' || DECODERS.has(encoding);
    if (status === 200 && readable && /^text\/event-stream\s*(;|$)/i.test(type)) return;

    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.clock.now());
    if (status < 400) {
      const received = `${type || 'no content type'} (${encoding})`;
      const message = `${CALL} answered HTTP ${status} with ${received} instead of an event stream`;
      const reason = new LimeError('NO_EVENT_STREAM', message, { httpStatus: status });
      throw new StreamRefused(reason, retryAfterMs);
    }
    const secrets = [this.#options.siteToken.reveal()];
    // The status says enough when the error page never ends or breaks off.
    const text = await readText(body, MAX_ERROR_BYTES, CALL).catch(() => '');
    const reason = errorOf({ status, headers, text, retryAfterMs }, { call: CALL, secrets });
    throw new StreamRefused(reason, retryAfterMs);
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

function encodingOf({ headers }: Dispatcher.ResponseData): string {
  return String(headers['content-encoding'] ?? 'identity').toLowerCase();
}

/** Some proxies compress although the request asks for `identity`. */
function decoded(response: Dispatcher.ResponseData): Readable {
  const createDecoder = DECODERS.get(encodingOf(response));
  if (!createDecoder) return response.body;
  // The reader of the decoder gets the error, so the callback has nothing to do.
  return pipeline(response.body, createDecoder(), () => undefined);
}

/** Encodes an id as UTF-8 bytes, as WHATWG HTML demands for this header, in a form that undici accepts. */
function toHeaderValue(id: string): string {
  return Buffer.from(id, 'utf8').toString('latin1');
}
