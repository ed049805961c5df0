import { AuthenticationError, LimeError } from '../errors/index.js';
import type { Clock } from '../ports/index.js';
import type { LimeConnection } from './connection-state.js';
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
  whenOpen(waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(() => {
        subscription.unsubscribe();
        reject(unavailable(this.#stream.connection, `within ${waitMs} ms (streamWaitMs)`));
      }, waitMs);
      const subscription = this.#stream.connection$.subscribe((connection) => {
        if (connection.state === 'open') resolve();
        else if (isHopeless(connection)) reject(refusal(connection));
        else return;
        cancel();
        // The first value comes before there is a subscription to end.
        queueMicrotask(() => subscription.unsubscribe());
      });
    });
  }
}

/** The next attempt is too far away to wait for it. */
function isHopeless({ state }: LimeConnection): boolean {
  return state === 'unauthorized' || state === 'closed';
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
  return unavailable(connection, `: it is ${state}`);
}

function unavailable({ lastError }: LimeConnection, when: string): LimeError {
  const reason = lastError ? ` (${lastError.message})` : '';
  return new LimeError(
    'STREAM_UNAVAILABLE',
    `no event stream ${when}${reason}; without one the outcome of a login would be lost`.replace(
      ' :',
      ':',
    ),
    { cause: lastError },
  );
}
