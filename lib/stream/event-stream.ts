import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Observable } from 'rxjs';
import { LimeError } from '../errors/index.js';
import type { HttpClient } from '../api/http-client.js';
import type { SiteToken } from '../api/site-token.js';
import { transportError } from '../api/transport-error.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/random.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import { ConnectionStatus } from './connection-status.js';
import { FrameReader } from './frame-reader.js';
import { ReconnectPolicy } from './reconnect-policy.js';
import { SilenceWatch } from './silence-watch.js';
import { StreamConnector, StreamRefused } from './stream-connector.js';

/** Who reads the stream. */
export interface FrameConsumer {
  /**
   * One frame.
   * @param receivedAt when its last bytes came, in milliseconds since the epoch.
   * @returns whether it was a keepalive.
   */
  accept(data: string, receivedAt: number): 'keepalive' | 'other';
  /** While there is too much in hand: a promise that resolves when more can be taken. Nothing is read until then. */
  whenReady(): Promise<void> | undefined;
}

export interface EventStreamOptions {
  /** The name of the site. */
  site: string;
  http: HttpClient;
  siteToken: SiteToken;
  /** Who reads the stream. */
  consumer: FrameConsumer;
  sseBackoffBaseMs: number;
  sseBackoffMaxMs: number;
  sseReadTimeoutMs: number;
  maxFrameBytes: number;
  /** How long an answer may take to begin, in milliseconds. Doubled after each time it did not, up to the read time-out. */
  timeoutMs: number;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/**
 * The one perpetual event stream of a site: connects, reads, notices silence, reconnects; never gives up, never holds
 * two connections, never throws.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #connector: StreamConnector;
  readonly #policy: ReconnectPolicy;
  readonly #silence: SilenceWatch;
  readonly #status: ConnectionStatus;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #attempt: AbortController | undefined;
  #unansweredInRow = 0;
  #lastEventId = '';
  #openedAt: number | undefined;

  constructor(options: EventStreamOptions) {
    const { clock, random, logger, sseBackoffBaseMs: baseMs, sseBackoffMaxMs: maxMs } = options;
    this.#options = options;
    this.#connector = new StreamConnector(options);
    this.#policy = new ReconnectPolicy({ baseMs, maxMs, random });
    this.#silence = new SilenceWatch(clock, options.sseReadTimeoutMs);
    this.#status = new ConnectionStatus(options.site, clock, logger);
  }

  /** The state now, then each change; completes when the stream is stopped. */
  get connection$(): Observable<LimeConnection> {
    return this.#status.connection$;
  }

  get connection(): LimeConnection {
    return this.#status.connection;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the connection at once; resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#attempt?.abort();
    await this.#running;
    this.#status.closed();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#status.attempting();
      const reason = await this.#connectAndRead();
      if (this.#stopping.signal.aborted) return;
      await this.#waitAfter(reason);
    }
  }

  /** One connection from its first byte to its last. Never rejects: the reason of its end is the result. */
  async #connectAndRead(): Promise<unknown> {
    const controller = new AbortController();
    this.#attempt = controller;
    this.#openedAt = undefined;
    let silentForMs: number | undefined;
    try {
      const body = await this.#open(controller);
      this.#silence.start((ms) => {
        silentForMs = ms;
        controller.abort();
      });
      await this.#read(body);
      return new LimeError('STREAM_ENDED', 'the event stream was closed by the other side');
    } catch (error) {
      if (silentForMs === undefined) return error;
      return new LimeError(
        'STREAM_SILENT',
        `nothing came on the event stream for ${Math.round(silentForMs)} ms`,
      );
    } finally {
      this.#silence.pause();
      controller.abort(); // whatever ended it, no second connection may live beside the next one
    }
  }

  async #open(controller: AbortController): Promise<Readable> {
    const { clock, timeoutMs, sseReadTimeoutMs } = this.#options;
    // Some servers send their headers with the first event: after a time-out the next try is more patient.
    const patienceMs = Math.min(timeoutMs * 2 ** this.#unansweredInRow, sseReadTimeoutMs);
    const { attempt } = this.#status.connection;
    try {
      const body = await this.#connector.open(controller, this.#lastEventId, patienceMs, attempt);
      this.#unansweredInRow = 0;
      this.#openedAt = clock.monotonic();
      this.#status.opened();
      return body;
    } catch (error) {
      const unanswered = error instanceof LimeError && error.code === 'TIMEOUT';
      this.#unansweredInRow = unanswered ? this.#unansweredInRow + 1 : 0;
      throw error;
    }
  }

  /** Resolves when the other side ends the body; rejects when it breaks off, or with what is wrong with its frames. */
  #read(body: Readable): Promise<void> {
    const { consumer, maxFrameBytes, clock } = this.#options;
    const silence = this.#silence;
    let receivedAt = clock.now();
    const reader = new FrameReader(
      {
        onData: (data) => {
          this.#status.heard(receivedAt);
          if (consumer.accept(data, receivedAt) === 'keepalive') silence.beat();
        },
        onComment: () => {
          this.#status.heard(receivedAt);
          silence.beat();
        },
        onRetry: (ms) => this.#policy.serverWishes(ms),
        onLastEventId: (id) => {
          this.#lastEventId = id;
        },
      },
      maxFrameBytes,
    );
    const resume = () => {
      if (body.destroyed) return;
      silence.resume();
      body.resume();
    };
    // Not by iteration: that copies together what came meanwhile, and takes a third longer for each event.
    body.on('data', (chunk: Uint8Array) => {
      silence.heard();
      receivedAt = clock.now();
      try {
        reader.feed(chunk);
      } catch (error) {
        body.destroy(error as LimeError);
        return;
      }
      const busy = consumer.whenReady();
      if (!busy) return;
      body.pause();
      silence.pause();
      void busy.then(resume);
    });
    return finished(body);
  }

  async #waitAfter(thrown: unknown): Promise<void> {
    const { clock } = this.#options;
    const error = reasonOf(thrown);
    const { state, delayMs } = this.#policy.next({
      error,
      openForMs: this.#openedAt === undefined ? 0 : clock.monotonic() - this.#openedAt,
      retryAfterMs: thrown instanceof StreamRefused ? thrown.retryAfterMs : undefined,
    });
    this.#status.lost(state, error, delayMs);
    await sleep(clock, delayMs, this.#stopping.signal);
  }
}

function reasonOf(thrown: unknown): LimeError {
  if (thrown instanceof StreamRefused) return thrown.reason;
  if (thrown instanceof LimeError) return thrown;
  return transportError('the event stream', thrown);
}
