import type { DiscoveryService } from '@nestjs/core';
import { type Observable, skip } from 'rxjs';
import type {
  LimeLoginEvent,
  LimeLoginFailure,
  LimeLoginRejection,
} from '../interfaces/login-events.interface.js';
import type { LimeLogger } from '../common/logger.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import { ApplicationEmitter } from './application-emitter.js';
import { DEFAULT_SITE } from '../lime-sites.constants.js';
import type { LimeEventEmitter } from '../interfaces/lime-sites-module-options.interface.js';

interface EventSource {
  readonly loginEvents$: Observable<LimeLoginEvent>;
  readonly rejections$: Observable<LimeLoginRejection>;
  readonly failures$: Observable<LimeLoginFailure>;
  readonly connection$: Observable<LimeConnection>;
}

/**
 * Puts what happens on the application's `EventEmitter2`, under the names `lime.login.approved`, `lime.login.expired`,
 * `lime.login.rejected`, `lime.login.failed` and `lime.connection.changed`. What comes before the application's listeners
 * are there is held for them. Events of a site with a name have a second argument, `{ site }`.
 */
export class ApplicationEvents {
  readonly #site: string;
  readonly #given: LimeEventEmitter | false | undefined;
  readonly #application: ApplicationEmitter;
  readonly #logger: LimeLogger;
  #emitter: LimeEventEmitter | undefined;
  /** What came too early, in its order; `undefined` once the listeners are there. */
  #held: (() => void)[] | undefined;

  constructor(
    site: string,
    given: LimeEventEmitter | false | undefined,
    discovery: DiscoveryService,
    logger: LimeLogger,
  ) {
    this.#site = site;
    this.#given = given;
    this.#application = new ApplicationEmitter(discovery, logger);
    this.#logger = logger;
  }

  /** Whether the application has an emitter for them. */
  get attended(): boolean {
    return this.#emitter !== undefined;
  }

  connect({ loginEvents$, rejections$, failures$, connection$ }: EventSource): void {
    const emitter = this.#given === false ? undefined : (this.#given ?? this.#application.find());
    if (!emitter) return;
    this.#emitter = emitter;
    this.#holdUntilSubscribed(emitter);
    loginEvents$.subscribe((event) => this.#take(`lime.login.${event.type}`, event));
    rejections$.subscribe((rejection) => this.#take('lime.login.rejected', rejection));
    failures$.subscribe((failure) => this.#take('lime.login.failed', failure));
    // The state in which it begins is no change.
    connection$
      .pipe(skip(1))
      .subscribe((connection) => this.#take('lime.connection.changed', connection));
  }

  #holdUntilSubscribed(emitter: LimeEventEmitter): void {
    const subscribed = this.#application.whenSubscribed(emitter);
    if (!subscribed) return;
    this.#held = [];
    void subscribed
      .catch((error: unknown) =>
        this.#logger.error('The listeners of the event emitter could not be subscribed', error),
      )
      .finally(() => {
        const held = this.#held ?? [];
        this.#held = undefined;
        for (const emit of held) emit();
      });
  }

  #take(name: string, payload: unknown): void {
    if (this.#held) this.#held.push(() => this.#emit(name, payload));
    else this.#emit(name, payload);
  }

  /** A listener that throws is the application's affair, and must not end the subscription. */
  #emit(name: string, payload: unknown): void {
    const report = (error: unknown) => this.#logger.error(`A listener of ${name} failed`, error);
    const context = this.#site === DEFAULT_SITE ? [] : [{ site: this.#site }];
    try {
      Promise.resolve(this.#emitter?.emit(name, payload, ...context)).catch(report);
    } catch (error) {
      report(error);
    }
  }
}
