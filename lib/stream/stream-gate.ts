import { filter, firstValueFrom, Observable, takeUntil } from 'rxjs';
import { AuthenticationError, LimeError } from '../errors/index.js';
import type { Clock } from '../common/clock.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import type { EventStream } from './event-stream.js';

/** Lets calls through only while the stream is open: what happens before it is open is lost. */
export class StreamGate {
  readonly #stream: EventStream;
  readonly #clock: Clock;

  constructor(stream: EventStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /**
   * Resolves when the stream is open.
   * @throws {LimeError} `STREAM_UNAVAILABLE` after `waitMs`, or at once when there is nothing to wait for.
   * @throws {AuthenticationError} at once when LIME refuses the site token.
   */
  async whenOpen(waitMs: number): Promise<void> {
    const waitIsOver = new Observable<void>((subscriber) =>
      this.#clock.schedule(() => subscriber.next(), waitMs),
    );
    const decided = await firstValueFrom(
      this.#stream.connection$.pipe(filter(isDecided), takeUntil(waitIsOver)),
      { defaultValue: undefined },
    );
    const connection = decided ?? this.#stream.connection;
    if (connection.state === 'open') return;
    if (isDecided(connection)) throw refusal(connection);
    throw unavailable(connection, `no event stream within ${waitMs} ms (streamWaitMs)`);
  }
}

/** Open, or the next attempt is too far away to wait for it. */
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
  return unavailable(connection, `the event stream is ${state}`);
}

function unavailable({ lastError }: LimeConnection, what: string): LimeError {
  const reason = lastError ? ` (${lastError.message})` : '';
  return new LimeError(
    'STREAM_UNAVAILABLE',
    `${what}${reason}; without one the outcome of a login would be lost`,
    { cause: lastError },
  );
}
