import type { DiscoveryService } from '@nestjs/core';
import type { LimeLogger } from '../common/logger.js';
import type { LimeEventEmitter } from '../interfaces/lime-sites-module-options.interface.js';
import type { InstanceWrapper } from './provider-prototype.js';

/** Finds the application's `EventEmitter2`. Recognised by what it can do: the package is optional, and must not be imported. */
export class ApplicationEmitter {
  readonly #discovery: DiscoveryService;
  readonly #logger: LimeLogger;

  constructor(discovery: DiscoveryService, logger: LimeLogger) {
    this.#discovery = discovery;
    this.#logger = logger;
  }

  /** The one emitter of the application; with several it takes a word from the application, which a warning says. */
  find(): LimeEventEmitter | undefined {
    const emitters = new Set(this.#providers().map(({ instance }) => instance as LimeEventEmitter));
    if (emitters.size > 1) {
      this.#logger.warn(
        `The application has ${emitters.size} event emitters, so no lime.* events are emitted; pass the one you mean as eventEmitter`,
      );
      return undefined;
    }
    return [...emitters][0];
  }

  /**
   * `@OnEvent()` listeners are subscribed while the application starts, maybe after this module.
   * @returns a promise that settles when that has been done; `undefined` for an emitter of which nobody can tell.
   */
  whenSubscribed(emitter: LimeEventEmitter): Promise<void> | undefined {
    const host = this.#providers().find(({ instance }) => instance === emitter)?.host;
    const watchers = this.#discovery.getProviders().filter((wrapper) => wrapper.host === host);
    const watcher = host && watchers.find(({ instance }) => isReadinessWatcher(instance));
    return (watcher?.instance as ReadinessWatcher | undefined)?.waitUntilReady();
  }

  #providers(): InstanceWrapper[] {
    return this.#discovery
      .getProviders()
      .filter(({ token, isAlias, instance }) => !isAlias && isEventEmitter2(token) && instance);
  }
}

function isEventEmitter2(token: unknown): boolean {
  if (typeof token !== 'function') return false;
  const { prototype } = token as { prototype?: { emitAsync?: unknown; onAny?: unknown } };
  return typeof prototype?.emitAsync === 'function' && typeof prototype.onAny === 'function';
}

/** `EventEmitterReadinessWatcher` of `@nestjs/event-emitter`. */
interface ReadinessWatcher {
  waitUntilReady(): Promise<void>;
}

function isReadinessWatcher(instance: unknown): instance is ReadinessWatcher {
  return (
    typeof instance === 'object' &&
    instance !== null &&
    typeof Reflect.get(instance, 'waitUntilReady') === 'function'
  );
}
