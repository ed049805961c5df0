import { BehaviorSubject, filter, firstValueFrom, Observable, takeUntil } from 'rxjs';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { connectionChannel, type LimeConnectionMessage } from '../diagnostics/channels.js';
import { AuthenticationError, LimeError } from '../errors/index.js';
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

/**
 * Resolves when the event stream is open. LIME does not repeat events that come before.
 * @throws {LimeError} `STREAM_UNAVAILABLE` after `waitMs`, or at once when the next attempt is minutes away; `SHUTTING_DOWN`.
 * @throws {AuthenticationError} at once when LIME refuses the site token.
 */
export async function whenOpen(
  status: ConnectionStatus,
  clock: Clock,
  waitMs: number,
): Promise<void> {
  if (status.connection.state === 'open') return;
  const timeout = new Observable<void>((subscriber) =>
    clock.schedule(() => subscriber.next(), waitMs),
  );
  const decided = await firstValueFrom(
    status.connection$.pipe(filter(isDecided), takeUntil(timeout)),
    { defaultValue: undefined },
  );
  const connection = decided ?? status.connection;
  if (connection.state === 'open') return;
  throw isDecided(connection)
    ? refusal(connection)
    : unavailable(connection, `no event stream within ${waitMs} ms (streamWaitMs)`);
}

function isDecided({ state }: LimeConnection): boolean {
  return state === 'open' || state === 'unauthorized' || state === 'closed';
}

function refusal(connection: LimeConnection): LimeError {
  const { lastError, state } = connection;
  if (state === 'unauthorized' && lastError instanceof AuthenticationError) {
    const { code, httpStatus, detail } = lastError;
    return new AuthenticationError(code, lastError.message, {
      httpStatus,
      detail,
      cause: lastError,
    });
  }
  if (state === 'closed') {
    return new LimeError(
      'SHUTTING_DOWN',
      'the application is shutting down and has closed the event stream; without one the outcome of a login would be lost',
    );
  }
  return unavailable(connection, `the event stream is ${state}`);
}

function unavailable({ lastError }: LimeConnection, problem: string): LimeError {
  const reason = lastError ? ` (${lastError.message})` : '';
  return new LimeError(
    'STREAM_UNAVAILABLE',
    `${problem}${reason}; without one the outcome of a login would be lost`,
    { cause: lastError },
  );
}
