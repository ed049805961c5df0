import { setMaxListeners } from 'node:events';
import { backoffDelay, type Random } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { LoginTrace } from '../diagnostics/operation.js';
import { LimeError } from '../errors/index.js';
import type {
  LimeClusterAttempt,
  LimeClusterMember,
  LimeClusterResult,
  LoginOutcome,
} from '../interfaces/cluster.interface.js';
import type { LimeHandlerFailure, LimeLoginEvent } from '../interfaces/login-events.interface.js';
import type { HandlerInvoker } from './handler-invoker.js';
import type { HandlerRegistry } from './handler-registry.js';
import type { InFlight } from './in-flight.js';
import type { InterruptedWork, LoginDelivery } from './local-delivery.js';
import { eventOf, outcomeOf } from './login-event.js';
import type { LoginRequests } from './login-requests.js';

/** After this many refusals of Redis a login has failed. */
const MAX_REFUSALS = 5;
/** Between attempts, in milliseconds. */
const BACKOFF = { baseMs: 100, maxMs: 2_000 };

export interface ClusterDeliveryOptions {
  member: LimeClusterMember;
  handlers: HandlerRegistry;
  invoker: HandlerInvoker;
  inFlight: InFlight;
  requests: LoginRequests;
  /** Called when the cluster expired a login that this process started. */
  onExpired: (event: LimeLoginEvent) => void;
  /** Called for a login whose handlers failed for the last time. */
  onFailed: (
    outcome: LoginOutcome,
    failed: readonly LimeHandlerFailure[],
    attempts: number,
  ) => void;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** Submits events to the cluster, and invokes the handlers for those that the cluster assigns to this replica. */
export class ClusterDelivery implements LoginDelivery {
  readonly #options: ClusterDeliveryOptions;
  readonly #stopping = new AbortController();
  /** Outcomes that the cluster could not accept yet. They stay in flight, so their number is bounded. */
  readonly #held = new Set<LoginOutcome>();

  constructor(options: ClusterDeliveryOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal); // one listener for each outcome that is held
  }

  start(handlesLogins: boolean, whenStarted: Promise<void>): void {
    const { member, requests, onFailed } = this.#options;
    member.start({
      handlesLogins,
      whenStarted,
      handle: (outcome, attempt) => this.handle(outcome, attempt),
      onOutcome: (outcome) => this.#adopt(outcome),
      onFailed,
      awaited: () => requests.open,
    });
  }

  /** Another replica may have received the outcome that a subscriber waits for here. */
  async catchUp(requestId: string): Promise<void> {
    try {
      const outcome = await this.#options.member.outcomeOf(requestId);
      if (outcome) this.#adopt(outcome);
    } catch {
      // The replica catches up once the cluster is back.
    }
  }

  /** The event is in flight until the cluster has it; until then it is held and retried. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    void this.#submit(outcomeOf(event), trace);
  }

  /** Invokes the handlers one after another, without those that succeeded in an earlier attempt. Never rejects. */
  async handle(
    outcome: LoginOutcome,
    { done, signal }: LimeClusterAttempt,
  ): Promise<LimeClusterResult> {
    const { handlers, invoker } = this.#options;
    const event = eventOf(outcome);
    const succeeded = new Set(done);
    const failed: LimeHandlerFailure[] = [];
    if (handlers.size === 0) {
      // Another replica may have handlers, or this one after its next deployment.
      return { done, failed: [{ handler: 'none', reason: 'this replica has no login handler' }] };
    }
    for (const handler of handlers.for(event)) {
      const { name } = handler;
      if (succeeded.has(name)) continue;
      if (signal.aborted || this.#stopping.signal.aborted) {
        failed.push({
          handler: name,
          reason: 'not started: another replica takes this login over',
        });
        continue;
      }
      const failure = await invoker.invoke(handler, event, signal);
      if (failure) failed.push({ handler: name, reason: failure.reason });
      else succeeded.add(name);
    }
    return { done: [...succeeded], failed };
  }

  drain(deadline: AbortSignal): Promise<void> {
    return this.#options.member.drain(deadline);
  }

  stop(): InterruptedWork {
    this.#stopping.abort();
    const undelivered = Array.from(this.#held, ({ requestId }) => requestId);
    const running = this.#options.invoker.abortAll();
    return { running, notStarted: [], undelivered };
  }

  /** Takes over the outcome that the cluster decided on. */
  #adopt(outcome: LoginOutcome): void {
    const { requests, onExpired } = this.#options;
    const event = eventOf(outcome);
    const wasPending = requests.adopt(event);
    // An outcome from a frame was emitted when the frame arrived; a local expiry is emitted where the login was started.
    if (wasPending && event.type === 'expired' && event.origin === 'local') onExpired(event);
  }

  async #submit(outcome: LoginOutcome, trace: LoginTrace): Promise<void> {
    const { logger, inFlight } = this.#options;
    const accepted = await this.#untilAccepted(outcome);
    const wasHeld = this.#held.delete(outcome);
    if (wasHeld && accepted && this.#held.size === 0)
      logger.log('The cluster accepts logins again');
    inFlight.remove();
    trace.end(accepted ? 'queued' : 'dropped');
  }

  /** Retries until the cluster has the outcome, a refusal is final, or the site stops. @returns whether the cluster has it. */
  async #untilAccepted(outcome: LoginOutcome): Promise<boolean> {
    const { member, clock, random } = this.#options;
    const { signal } = this.#stopping;
    for (let attempts = 1; ; attempts++) {
      try {
        await member.submit(outcome);
        return true;
      } catch (error) {
        this.#hold(outcome, error);
        if (signal.aborted || this.#onRefused(outcome, error, attempts)) return false;
        await sleep(clock, backoffDelay(BACKOFF, attempts - 1, random), signal);
      }
    }
  }

  /** Redis refuses the job for good, for example by its ACL. @returns whether the login has failed. */
  #onRefused(outcome: LoginOutcome, error: unknown, attempts: number): boolean {
    const isRefused = error instanceof LimeError && error.code === 'CLUSTER_REFUSED';
    if (!isRefused || attempts < MAX_REFUSALS) return false;
    const { logger, onFailed } = this.#options;
    logger.error(`Login ${outcome.requestId} (${outcome.type}) failed: ${error.message}`);
    onFailed(outcome, [{ handler: 'cluster', reason: error.message }], attempts);
    return true;
  }

  /** Logs the first outcome that is held, not each one. */
  #hold(outcome: LoginOutcome, error: unknown): void {
    if (this.#held.size === 0) {
      this.#options.logger.warn(
        `Holding ${outcome.type} ${outcome.requestId} until the cluster accepts it: ${String(error)} (further ones are not logged)`,
      );
    }
    this.#held.add(outcome);
  }
}
