import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Dispatcher } from 'undici';
import { LimeError } from '../errors/index.js';
import type { HttpClient } from '../api/http-client.js';
import { errorOf, readText } from '../api/response.js';
import { parseRetryAfter } from '../api/retry.js';
import type { SiteToken } from '../api/site-token.js';
import type { Clock } from '../common/clock.js';

const EVENTS_PATH = '/modules/agent-login/events';
/** An error page is read this far, to say what came. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Flushed after each write: an event must not wait in the decoder for the next one. */
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

/** Why a connection did not come about, and when the platform wants to see us again. */
export class StreamRefused extends Error {
  constructor(
    readonly reason: LimeError,
    readonly retryAfterMs: number | undefined,
  ) {
    super(reason.message);
  }
}

/** Opens the event stream and makes sure that it is one. */
export class StreamConnector {
  readonly #options: StreamConnectorOptions;

  constructor(options: StreamConnectorOptions) {
    this.#options = options;
  }

  /**
   * @param lastEventId sent back as `Last-Event-ID` when the platform ever sent an `id:`.
   * @param headersTimeoutMs how long the answer may take to begin.
   * @param attempt which one this is since the stream was last open.
   * @returns the body, to be read as it comes; `controller` ends it.
   * @throws {StreamRefused} an answer that is no event stream.
   * @throws {LimeError} `NETWORK_ERROR`, `TLS_REFUSED`, `TIMEOUT`, `UNEXPECTED_REDIRECT`.
   */
  async open(
    controller: AbortController,
    lastEventId: string,
    headersTimeoutMs: number,
    attempt: number,
  ): Promise<Readable> {
    const { http, clock } = this.#options;
    let timedOut = false;
    const cancelTimeout = clock.schedule(() => {
      timedOut = true;
      controller.abort();
    }, headersTimeoutMs);
    try {
      const headers = {
        accept: 'text/event-stream',
        'accept-encoding': 'identity',
        'cache-control': 'no-cache',
        ...(lastEventId !== '' && { 'last-event-id': toHeaderValue(lastEventId) }),
      };
      const response = await http.open({ path: EVENTS_PATH, headers, attempt }, controller.signal);
      await this.#assertEventStream(response);
      return decoded(response);
    } catch (error) {
      if (!timedOut) throw error;
      throw new LimeError(
        'TIMEOUT',
        `GET ${EVENTS_PATH} was not answered within ${headersTimeoutMs} ms`,
      );
    } finally {
      cancelTimeout();
    }
  }

  async #assertEventStream(response: Dispatcher.ResponseData): Promise<void> {
    const { statusCode: status, headers, body } = response;
    const type = String(headers['content-type'] ?? '');
    const encoding = encodingOf(response);
    const readable = encoding === 'identity' || DECODERS.has(encoding);
    if (status === 200 && readable && /^text\/event-stream\s*(;|$)/i.test(type)) return;

    const call = `GET ${EVENTS_PATH}`;
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.clock.now());
    const secrets = [this.#options.siteToken.reveal()];
    if (status < 400) {
      const what = `${type || 'no content type'} (${encoding})`;
      const message = `${call} answered HTTP ${status} with ${what}, which is no event stream`;
      const reason = new LimeError('NO_EVENT_STREAM', message, { httpStatus: status });
      throw new StreamRefused(reason, retryAfterMs);
    }
    // An error page that never ends, or breaks off, still came with a status that says enough.
    const text = await readText(body, MAX_ERROR_BYTES, call).catch(() => '');
    const reason = errorOf({ status, headers, text, retryAfterMs }, { call, secrets });
    throw new StreamRefused(reason, retryAfterMs);
  }
}

function encodingOf({ headers }: Dispatcher.ResponseData): string {
  return String(headers['content-encoding'] ?? 'identity').toLowerCase();
}

/** We ask for `identity`, but some proxies compress all the same. */
function decoded(response: Dispatcher.ResponseData): Readable {
  const createDecoder = DECODERS.get(encodingOf(response));
  if (!createDecoder) return response.body;
  // An error reaches whoever reads the decoder; it needs no second report.
  return pipeline(response.body, createDecoder(), () => undefined);
}

/** Header values are bytes: UTF-8, as WHATWG HTML wants it for this one, in a form the client does not refuse. */
function toHeaderValue(id: string): string {
  return Buffer.from(id, 'utf8').toString('latin1');
}
