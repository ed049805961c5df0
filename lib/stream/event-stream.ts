import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Observable } from 'rxjs';
import type { HttpClient } from '../api/http-client.js';
import type { SiteToken } from '../api/site-token.js';
import { transportError } from '../api/transport-error.js';
import type { Random } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { LimeError } from '../errors/index.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import { ConnectionStatus, whenOpen } from './connection-status.js';
import { FrameParser } from './frame-parser.js';
import { IdleTimeout } from './idle-timeout.js';
import { ReconnectPolicy } from './reconnect-policy.js';
import { StreamConnector, StreamRefused } from './stream-connector.js';

/** Consumes the frames of a stream. */
export interface FrameConsumer {
  /**
   * Takes one frame.
   * @param receivedAt when its last bytes arrived, in milliseconds since the epoch.
   * @returns whether it was a keepalive.
   */
  accept(data: string, receivedAt: number): 'keepalive' | 'other';
  /** Back-pressure: a promise while too many events are in flight. The stream is not read until it resolves. */
  whenReady(): Promise<void> | undefined;
}

export interface EventStreamOptions {
  /** The name of the site. */
  site: string;
  http: HttpClient;
  siteToken: SiteToken;
  consumer: FrameConsumer;
  sseBackoffBaseMs: number;
  sseBackoffMaxMs: number;
  sseReadTimeoutMs: number;
  maxFrameBytes: number;
  /** How long the response may take to begin, in milliseconds; doubled after each timeout, up to `sseReadTimeoutMs`. */
  timeoutMs: number;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** The one event stream of a site: connects, reads, detects idle connections and reconnects until it is stopped. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #connector: StreamConnector;
  readonly #policy: ReconnectPolicy;
  readonly #idleTimeout: IdleTimeout;
  readonly #status: ConnectionStatus;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #attempt: AbortController | undefined;
  #timeoutsInRow = 0;
  #lastEventId = '';
  #openedAt: number | undefined;
  #receivedAt = 0;

  constructor(options: EventStreamOptions) {
    const { clock, random, logger, sseBackoffBaseMs: baseMs, sseBackoffMaxMs: maxMs } = options;
    this.#options = options;
    this.#connector = new StreamConnector(options);
    this.#policy = new ReconnectPolicy({ baseMs, maxMs, random });
    this.#idleTimeout = new IdleTimeout(clock, options.sseReadTimeoutMs);
    this.#status = new ConnectionStatus(options.site, clock, logger);
  }

  /** Emits the current state, then each change; completes when the stream is stopped. */
  get connection$(): Observable<LimeConnection> {
    return this.#status.connection$;
  }

  get connection(): LimeConnection {
    return this.#status.connection;
  }

  /** Resolves when the stream is open; see {@link whenOpen} for what it throws. */
  whenOpen(waitMs: number): Promise<void> {
    return whenOpen(this.#status, this.#options.clock, waitMs);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the connection at once, also one that is still being opened; resolves when nothing is read any more. */
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

  /** Holds one connection from its first byte to its last. Never rejects: it resolves with why the connection ended. */
  async #connectAndRead(): Promise<unknown> {
    const controller = new AbortController();
    this.#attempt = controller;
    this.#openedAt = undefined;
    try {
      const body = await this.#open(controller);
      this.#idleTimeout.start((idleMs) => {
        const message = `nothing arrived on the event stream for ${Math.round(idleMs)} ms`;
        controller.abort(new LimeError('STREAM_IDLE_TIMEOUT', message));
      });
      await this.#read(body);
      return new LimeError('STREAM_ENDED', 'the platform closed the event stream');
    } catch (error) {
      return error;
    } finally {
      this.#idleTimeout.pause();
      controller.abort(); // so that no two connections are ever open
    }
  }

  async #open(controller: AbortController): Promise<Readable> {
    const { clock, timeoutMs: baseMs, sseReadTimeoutMs } = this.#options;
    // Some servers send their headers with the first event, so each timeout makes the next attempt more patient.
    const timeoutMs = Math.min(baseMs * 2 ** this.#timeoutsInRow, sseReadTimeoutMs);
    const { attempt } = this.#status.connection;
    const request = { lastEventId: this.#lastEventId, timeoutMs, attempt };
    try {
      const body = await this.#connector.open(request, controller);
      this.#timeoutsInRow = 0;
      this.#openedAt = clock.monotonic();
      this.#status.opened();
      return body;
    } catch (error) {
      const timedOut = error instanceof LimeError && error.code === 'TIMEOUT';
      this.#timeoutsInRow = timedOut ? this.#timeoutsInRow + 1 : 0;
      throw error;
    }
  }

  /** Resolves when the platform ends the body; rejects when it breaks off, or when a frame is too large. */
  #read(body: Readable): Promise<void> {
    const { consumer, clock } = this.#options;
    const parser = this.#createParser();
    const resume = () => {
      if (body.destroyed) return;
      this.#idleTimeout.resume();
      body.resume();
    };
    const waitUntilReady = () => {
      const ready = consumer.whenReady();
      if (!ready) return;
      body.pause();
      this.#idleTimeout.pause();
      void ready.then(resume);
    };
    // Asynchronous iteration would take a third longer for each event.
    const onData = (chunk: Uint8Array) => {
      this.#idleTimeout.received();
      this.#receivedAt = clock.now();
      try {
        parser.feed(chunk);
      } catch (error) {
        body.destroy(error as LimeError);
        return;
      }
      waitUntilReady();
    };
    waitUntilReady();
    body.on('data', onData);
    return finished(body);
  }

  #createParser(): FrameParser {
    const { consumer, maxFrameBytes } = this.#options;
    return new FrameParser(
      {
        onData: (data) => {
          this.#status.frameReceived(this.#receivedAt);
          if (consumer.accept(data, this.#receivedAt) === 'keepalive')
            this.#idleTimeout.keepalive();
        },
        onComment: () => {
          this.#status.frameReceived(this.#receivedAt);
          this.#idleTimeout.keepalive();
        },
        onRetry: (ms) => this.#policy.useRetryField(ms),
        onLastEventId: (id) => {
          this.#lastEventId = id;
        },
      },
      maxFrameBytes,
    );
  }

  async #waitAfter(thrown: unknown): Promise<void> {
    const { clock, siteToken } = this.#options;
    const error = reasonOf(thrown, [siteToken.reveal()]);
    const { state, delayMs } = this.#policy.next({
      error,
      openForMs: this.#openedAt === undefined ? 0 : clock.monotonic() - this.#openedAt,
      retryAfterMs: thrown instanceof StreamRefused ? thrown.retryAfterMs : undefined,
    });
    this.#status.lost(state, error, delayMs);
    await sleep(clock, delayMs, this.#stopping.signal);
  }
}

function reasonOf(thrown: unknown, secrets: readonly string[]): LimeError {
  if (thrown instanceof StreamRefused) return thrown.reason;
  if (thrown instanceof LimeError) return thrown;
  return transportError('the event stream', thrown, secrets);
}
