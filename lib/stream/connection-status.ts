import { BehaviorSubject, type Observable } from 'rxjs';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { connectionChannel, type LimeConnectionMessage } from '../diagnostics/channels.js';
import type { LimeError } from '../errors/index.js';
import type { LimeConnection, LimeConnectionState } from '../interfaces/connection.interface.js';

/** Publishes the state of the event stream: as an observable, as a log line and as a diagnostics message per change. */
export class ConnectionStatus {
  readonly #site: string;
  readonly #clock: Clock;
  readonly #logger: LimeLogger;
  readonly #connection$: BehaviorSubject<LimeConnection>;
  #attempt = 0;
  #lastFrameAt: number | undefined;
  #lostAt: number | undefined;

  constructor(site: string, clock: Clock, logger: LimeLogger) {
    this.#site = site;
    this.#clock = clock;
    this.#logger = logger;
    const since = new Date(clock.now());
    this.#connection$ = new BehaviorSubject<LimeConnection>({ state: 'idle', since, attempt: 0 });
  }

  /** Emits the current state, then each change; completes when the stream is closed. */
  get connection$(): Observable<LimeConnection> {
    return this.#connection$.asObservable();
  }

  get connection(): LimeConnection {
    return this.#withLastFrame(this.#connection$.value);
  }

  /** Records when a frame arrived, in milliseconds since the epoch. Emits nothing: the state is the same. */
  frameReceived(receivedAt: number): void {
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
      const after = seconds(this.#clock.monotonic() - this.#lostAt);
      this.#logger.log(`Event stream open after ${after} (attempt ${this.#attempt})`);
    }
    this.#lostAt = undefined;
    this.#attempt = 0;
    this.#enter('open');
  }

  /** @param delayMs when the next attempt is due, in milliseconds. */
  lost(state: 'reconnecting' | 'unauthorized', error: LimeError, delayMs: number): void {
    const cause = error.message;
    const next = `reconnecting in ${seconds(delayMs)}`;
    if (state === this.#connection$.value.state) {
      this.#logger.debug(`Event stream still ${state} (${cause}), ${next}`);
    } else if (state === 'unauthorized') {
      this.#logger.error(`Event stream refused (${cause}), ${next}`);
    } else {
      this.#logger.warn(`Event stream lost (${cause}), ${next}`);
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
    if (state === previous.state || !connectionChannel.hasSubscribers) return;
    const message: LimeConnectionMessage = {
      site: this.#site,
      previous: previous.state,
      state,
      attempt: this.#attempt,
      ...(lastError && { error: lastError }),
    };
    connectionChannel.publish(message);
  }

  #withLastFrame(connection: LimeConnection): LimeConnection {
    if (this.#lastFrameAt === undefined) return connection;
    return { ...connection, lastFrameAt: new Date(this.#lastFrameAt) };
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
