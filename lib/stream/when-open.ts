import { filter, firstValueFrom, Observable, takeUntil } from 'rxjs';
import type { Clock } from '../common/clock.js';
import { AuthenticationError, LimeError } from '../errors/index.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import type { ConnectionStatus } from './connection-status.js';

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
