import type { DiscoveryService } from '@nestjs/core';
import { type Observable, skip } from 'rxjs';
import { hasMethod } from '../common/check-options.js';
import type { LimeLogger } from '../common/logger.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import type { LimeEventEmitter } from '../interfaces/lime-sites-module-options.interface.js';
import type {
  LimeLoginEvent,
  LimeLoginFailure,
  LimeLoginRejection,
} from '../interfaces/login-events.interface.js';
import { DEFAULT_SITE } from '../lime-sites.constants.js';

interface EventSource {
  readonly loginEvents$: Observable<LimeLoginEvent>;
  readonly rejections$: Observable<LimeLoginRejection>;
  readonly failures$: Observable<LimeLoginFailure>;
  readonly connection$: Observable<LimeConnection>;
}

/**
 * Emits the events of a site on the application's `EventEmitter2`, as `lime.login.approved`, `lime.login.expired`,
 * `lime.login.rejected`, `lime.login.failed` and `lime.connection.changed`. Holds them until the application has started, because
 * `@nestjs/event-emitter` subscribes the `@OnEvent()` listeners in a bootstrap hook. Events of a named site have a second argument,
 * `{ site }`.
 *
 * `@nestjs/event-emitter` is optional and must not be imported, so the bridge recognises its classes by their methods.
 */
export class EventEmitterBridge {
  readonly #site: string;
  readonly #given: LimeEventEmitter | false | undefined;
  readonly #discovery: DiscoveryService;
  readonly #logger: LimeLogger;
  #emitter: LimeEventEmitter | undefined;
  /** Events that wait for the listeners, in order; `undefined` once the application has started. */
  #held: (() => void)[] | undefined = [];

  /** @param given the option `eventEmitter`. */
  constructor(
    site: string,
    given: LimeEventEmitter | false | undefined,
    discovery: DiscoveryService,
    logger: LimeLogger,
  ) {
    this.#site = site;
    this.#given = given;
    this.#discovery = discovery;
    this.#logger = logger;
  }

  /** Whether the bridge emits events. */
  get connected(): boolean {
    return this.#emitter !== undefined;
  }

  connect(
    { loginEvents$, rejections$, failures$, connection$ }: EventSource,
    whenStarted: Promise<void>,
  ): void {
    const emitter = this.#given === false ? undefined : (this.#given ?? this.#findEmitter());
    if (!emitter) return;
    this.#emitter = emitter;
    void whenStarted.then(() => this.#emitHeld());
    loginEvents$.subscribe((event) => this.#forward(`lime.login.${event.type}`, event));
    rejections$.subscribe((rejection) => this.#forward('lime.login.rejected', rejection));
    failures$.subscribe((failure) => this.#forward('lime.login.failed', failure));
    // The first state is not a change.
    connection$
      .pipe(skip(1))
      .subscribe((connection) => this.#forward('lime.connection.changed', connection));
  }

  /** Finds the one emitter of the application. With several, the application has to choose. */
  #findEmitter(): LimeEventEmitter | undefined {
    const wrappers = this.#discovery
      .getProviders()
      .filter(({ token, isAlias, instance }) => !isAlias && isEventEmitter2(token) && instance);
    const emitters = new Set(wrappers.map(({ instance }) => instance as LimeEventEmitter));
    if (emitters.size <= 1) return [...emitters][0];
    this.#logger.warn(
      `The application has ${emitters.size} event emitters, so the module emits no lime.* events; pass the right one as ` +
        'option eventEmitter',
    );
    return undefined;
  }

  #emitHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const emit of held) emit();
  }

  #forward(name: string, payload: unknown): void {
    if (this.#held) this.#held.push(() => this.#emit(name, payload));
    else this.#emit(name, payload);
  }

  /** An error of a listener must not end the subscription. */
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

function isEventEmitter2(token: unknown): boolean {
  if (typeof token !== 'function') return false;
  const prototype: unknown = token.prototype;
  return hasMethod(prototype, 'emitAsync') && hasMethod(prototype, 'onAny');
}
