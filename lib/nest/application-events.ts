import type { DiscoveryService } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { LimeLoginEvent, LimeLoginFailure, LimeLoginRejection } from '../login/index.js';
import type { LimeLogger } from '../ports/index.js';
import type { LimeConnection } from '../stream/index.js';
import type { LimeEventEmitter } from './lime-sites-options.js';

interface EventSource {
  readonly loginEvents$: Observable<LimeLoginEvent>;
  readonly rejections$: Observable<LimeLoginRejection>;
  readonly failures$: Observable<LimeLoginFailure>;
  readonly connection$: Observable<LimeConnection>;
}

/**
 * Puts what happens on the application's `EventEmitter2`, under the names `lime.login.approved`, `lime.login.expired`,
 * `lime.login.rejected`, `lime.login.failed` and `lime.connection.changed`.
 */
export class ApplicationEvents {
  readonly #given: LimeEventEmitter | false | undefined;
  readonly #discovery: DiscoveryService;
  readonly #logger: LimeLogger;
  #emitter: LimeEventEmitter | undefined;

  constructor(
    given: LimeEventEmitter | false | undefined,
    discovery: DiscoveryService,
    logger: LimeLogger,
  ) {
    this.#given = given;
    this.#discovery = discovery;
    this.#logger = logger;
  }

  /** Whether the application has an emitter for them. */
  get attended(): boolean {
    return this.#emitter !== undefined;
  }

  connect({ loginEvents$, rejections$, failures$, connection$ }: EventSource): void {
    this.#emitter = this.#given === false ? undefined : (this.#given ?? this.#discover());
    if (!this.#emitter) return;
    loginEvents$.subscribe((event) => this.#emit(`lime.login.${event.type}`, event));
    rejections$.subscribe((rejection) => this.#emit('lime.login.rejected', rejection));
    failures$.subscribe((failure) => this.#emit('lime.login.failed', failure));
    connection$.subscribe((connection) => this.#emit('lime.connection.changed', connection));
  }

  #discover(): LimeEventEmitter | undefined {
    const emitters = new Set<LimeEventEmitter>();
    for (const { token, isAlias, instance } of this.#discovery.getProviders()) {
      if (!isAlias && isEventEmitter2(token) && instance)
        emitters.add(instance as LimeEventEmitter);
    }
    if (emitters.size > 1) {
      this.#logger.warn(
        `The application has ${emitters.size} event emitters, so no lime.* events are emitted; pass the one you mean as eventEmitter`,
      );
      return undefined;
    }
    return [...emitters][0];
  }

  /** A listener that throws is the application's affair, and must not end the subscription. */
  #emit(name: string, payload: unknown): void {
    const report = (error: unknown) => this.#logger.error(`A listener of ${name} failed`, error);
    try {
      Promise.resolve(this.#emitter?.emit(name, payload)).catch(report);
    } catch (error) {
      report(error);
    }
  }
}

/** Recognised by what it can do, because the package is optional and must not be imported. */
function isEventEmitter2(token: unknown): boolean {
  if (typeof token !== 'function') return false;
  const { prototype } = token as { prototype?: { emitAsync?: unknown; onAny?: unknown } };
  return typeof prototype?.emitAsync === 'function' && typeof prototype.onAny === 'function';
}
