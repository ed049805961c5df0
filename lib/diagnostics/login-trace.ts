import { loginChannel } from './channels.js';
import type { LimeLoginMessage, LimeLoginOutcome } from './messages.js';
import { Operation } from './operation.js';

/** Follows a login on its way through this process. */
export interface LoginTrace {
  /** Goes a part of the way in the context of this login, so that two that are under way at once do not mix. */
  run<Result>(work: () => Result): Result;
  /** The end of the way. @param error goes with `failed` and `rejected`. */
  end(outcome: LimeLoginOutcome, ...error: [error?: unknown]): void;
}

/** Nobody listens. */
const NO_TRACE: LoginTrace = { run: (work) => work(), end: () => undefined };

/** A login begins its way. */
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
    end: (outcome, ...thrown) =>
      operation.finish({ outcome, ...(thrown.length > 0 && { error: thrown[0] }) }),
  };
}
