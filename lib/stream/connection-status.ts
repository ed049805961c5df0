import { BehaviorSubject, type Observable } from 'rxjs';
import type { LimeError } from '../errors/index.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { connectionChannel } from '../diagnostics/channels.js';
import type { LimeConnectionMessage } from '../diagnostics/messages.js';
import type { LimeConnection, LimeConnectionState } from '../interfaces/connection.interface.js';

/** How the stream stands: for the application as an observable, for the log as one line for each change. */
export class ConnectionStatus {
  readonly #site: string;
  readonly #clock: Clock;
  readonly #logger: LimeLogger;
  readonly #connection$: BehaviorSubject<LimeConnection>;
  #attempt = 0;
  /** Milliseconds since the epoch; a number, because it changes with each frame. */
  #lastFrameAt: number | undefined;
  #lostAt: number | undefined;

  constructor(site: string, clock: Clock, logger: LimeLogger) {
    this.#site = site;
    this.#clock = clock;
    this.#logger = logger;
    const since = new Date(clock.now());
    this.#connection$ = new BehaviorSubject<LimeConnection>({ state: 'idle', since, attempt: 0 });
  }

  /** The state now, then each change; completes when the stream is closed. */
  get connection$(): Observable<LimeConnection> {
    return this.#connection$.asObservable();
  }

  get connection(): LimeConnection {
    return this.#withLastFrame(this.#connection$.value);
  }

  /** A frame came, at this moment in milliseconds since the epoch. No change of state, so nobody is told. */
  heard(receivedAt: number): void {
    this.#lastFrameAt = receivedAt;
  }

  attempting(): void {
    this.#attempt++;
    const { state } = this.#connection$.value;
    this.#enter(state === 'idle' ? 'connecting' : state);
  }

  opened(): void {
    if (this.#lostAt === undefined) this.#logger.log('Event stream open');
    else {
      const seconds = ((this.#clock.monotonic() - this.#lostAt) / 1000).toFixed(1);
      this.#logger.log(`Event stream open again after ${seconds} s (attempt ${this.#attempt})`);
    }
    this.#lostAt = undefined;
    this.#attempt = 0;
    this.#enter('open');
  }

  /** @param delayMs when the next attempt is due. */
  lost(state: 'reconnecting' | 'unauthorized', error: LimeError, delayMs: number): void {
    const next = `next attempt in ${(delayMs / 1000).toFixed(1)} s`;
    if (state === this.#connection$.value.state) {
      this.#logger.debug(`Event stream still ${state}: ${error.message}; ${next}`);
    } else if (state === 'unauthorized') {
      this.#logger.error(
        `Event stream refused: ${error.message}; ${next}, for as long as it takes`,
      );
    } else {
      this.#logger.warn(`Event stream lost: ${error.message}; ${next}`);
    }
    this.#lostAt ??= this.#clock.monotonic();
    this.#enter(state, error);
  }

  closed(): void {
    if (this.#connection$.value.state === 'closed') return;
    this.#enter('closed');
    this.#connection$.complete();
  }

  #enter(state: LimeConnectionState, error?: Error): void {
    const previous = this.#connection$.value;
    const lastError = error ?? (state === 'open' ? undefined : previous.lastError);
    this.#connection$.next(
      this.#withLastFrame({
        state,
        since: state === previous.state ? previous.since : new Date(this.#clock.now()),
        attempt: this.#attempt,
        ...(lastError && { lastError }),
      }),
    );
    if (state !== previous.state) this.#publish(previous.state, state, lastError);
  }

  #publish(
    previous: LimeConnectionState,
    state: LimeConnectionState,
    error: Error | undefined,
  ): void {
    if (!connectionChannel.hasSubscribers) return;
    const message: LimeConnectionMessage = {
      site: this.#site,
      previous,
      state,
      attempt: this.#attempt,
      ...(error && { error }),
    };
    connectionChannel.publish(message);
  }

  #withLastFrame(connection: LimeConnection): LimeConnection {
    if (this.#lastFrameAt === undefined) return connection;
    return { ...connection, lastFrameAt: new Date(this.#lastFrameAt) };
  }
}
