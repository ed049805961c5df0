import { loginChannel, type LimeLoginMessage, type LimeLoginResult } from './channels.js';
import { Operation } from './operation.js';

/** Traces one login through this process. */
export interface LoginTrace {
  /** Runs a part of the work in the context of this login, so that concurrent logins do not mix. */
  run<Result>(work: () => Result): Result;
  /** Ends the trace. @param error the reason of `failed` and `rejected`. */
  end(result: LimeLoginResult, ...error: [error?: unknown]): void;
}

/** The trace of all logins while the channel has no subscribers. */
const NO_TRACE: LoginTrace = { run: (work) => work(), end: () => undefined };

/** Starts the trace of a login. */
export function traceLogin(
  site: string,
  requestId: string,
  type: LimeLoginMessage['type'],
  source: LimeLoginMessage['source'],
): LoginTrace {
  if (!loginChannel.hasSubscribers) return NO_TRACE;
  const message = { site, requestId, type, source };
  const operation = new Operation<LimeLoginMessage>(loginChannel, message);
  return {
    run: (work) => operation.run(work),
    end: (result, ...thrown) =>
      operation.finish({ result, ...(thrown.length > 0 && { error: thrown[0] }) }),
  };
}
