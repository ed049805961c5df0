import { setMaxListeners } from 'node:events';
import type {
  LimeClusterHandling,
  LimeClusterMember,
  LimeClusterRun,
} from '../interfaces/cluster.interface.js';
import type { LoginRecord } from '../interfaces/login-record.interface.js';
import { untilAccepted } from './until-accepted.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/backoff.js';
import type { LoginTrace } from '../diagnostics/login-trace.js';
import type { HandlerRegistry, RegisteredHandler } from './handler-registry.js';
import type { HandlerFailure, HandlerRunner } from './handler-runner.js';
import type { InHand } from './in-hand.js';
import { eventOf, recordOf } from './login-conversion.js';
import type { LoginDelivery } from './login-delivery.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';

export interface ClusterDeliveryOptions {
  member: LimeClusterMember;
  handlers: HandlerRegistry;
  runner: HandlerRunner;
  inHand: InHand;
  /** Makes what a handler threw fit for a log. */
  reasonOf: (error: unknown) => string;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** Hands events to the cluster, and runs the handlers for those that the cluster gives to this replica. */
export class ClusterDelivery implements LoginDelivery {
  readonly #options: ClusterDeliveryOptions;
  readonly #stopping = new AbortController();
  /** Outcomes that the cluster could not take yet. They stay in hand, so their number is bounded. */
  readonly #held = new Set<LoginRecord>();

  constructor(options: ClusterDeliveryOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal); // as many as there are outcomes that wait, which is no leak
  }

  /** The event leaves the hand when the cluster has it; until then it is held and tried again. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    void this.#submit(recordOf(event), trace);
  }

  /** Runs the handlers one after another, without those that were done in an earlier try. Never rejects. */
  async handle(
    record: LoginRecord,
    { done, signal }: LimeClusterRun,
  ): Promise<LimeClusterHandling> {
    const { handlers, runner, reasonOf } = this.#options;
    const event = eventOf(record);
    const succeeded = new Set(done);
    const failures: HandlerFailure[] = [];
    for (const [key, handler] of withKeys(handlers.for(event))) {
      if (succeeded.has(key)) continue;
      if (signal.aborted) {
        failures.push({ handler: handler.name, error: signal.reason }); // it is for whoever takes the login over
        break;
      }
      const result = runner.run(handler, event, signal);
      const failure = result instanceof Promise ? await result : result;
      if (failure) failures.push(failure);
      else succeeded.add(key);
    }
    const failed = failures.map(({ handler, error }) => ({ handler, reason: reasonOf(error) }));
    return { done: [...succeeded], failed };
  }

  drain(deadline: AbortSignal): Promise<void> {
    return this.#options.member.drain(deadline);
  }

  giveUp(): { running: string[]; undelivered: string[] } {
    this.#stopping.abort();
    const undelivered = Array.from(this.#held, ({ requestId }) => requestId);
    return { running: this.#options.runner.abortAll(), undelivered };
  }

  async #submit(record: LoginRecord, trace: LoginTrace): Promise<void> {
    const { member, clock, random, logger, inHand } = this.#options;
    const accepted = await untilAccepted(() => member.submit(record), {
      clock,
      random,
      signal: this.#stopping.signal,
      onFailure: (error) => this.#hold(record, error),
    });
    const held = this.#held.delete(record);
    if (held && accepted && this.#held.size === 0) logger.log('The cluster takes logins again');
    inHand.leave();
    trace.end(accepted ? 'queued' : 'dropped');
  }

  /** One line when outcomes begin to wait, none for each. */
  #hold(record: LoginRecord, error: unknown): void {
    if (this.#held.size === 0) {
      this.#options.logger.warn(
        `The ${record.type} login ${record.requestId} is held until the cluster can take it: ${String(error)} (said once)`,
      );
    }
    this.#held.add(record);
  }
}

/** Each handler with what it is called on every replica: its name, and a number if others have the same. */
function withKeys(handlers: readonly RegisteredHandler[]): [key: string, RegisteredHandler][] {
  const seen = new Map<string, number>();
  return handlers.map((handler) => {
    const count = (seen.get(handler.name) ?? 0) + 1;
    seen.set(handler.name, count);
    return [count === 1 ? handler.name : `${handler.name} (${count})`, handler];
  });
}
