import {
  ContextIdFactory,
  type DiscoveryService,
  type MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import type { LimeLogger } from '../common/logger.js';
import { loginDecorationsOf } from '../decorators/on-lime-login.decorator.js';
import type { RegisteredHandler } from '../dispatcher/handler-registry.js';
import type { LimeHandlerContext, LimeLoginEvent } from '../interfaces/login-events.interface.js';
import { DEFAULT_SITE } from '../lime-sites.constants.js';

export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (event: LimeLoginEvent, context: LimeHandlerContext) => unknown;
type Handlers = { add(handler: RegisteredHandler): unknown };

/** Finds the `@OnLimeLogin()` methods of one site and registers each of them once. */
export class LoginHandlerExplorer {
  readonly #site: string;
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #logger: LimeLogger;

  constructor(
    site: string,
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    logger: LimeLogger,
  ) {
    this.#site = site;
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#logger = logger;
  }

  registerAll(handlers: Handlers): void {
    /** Each class, with the provider whose instance gets its logins. */
    const registered = new Map<object, InstanceWrapper>();
    for (const wrapper of [
      ...this.#discovery.getProviders(),
      ...this.#discovery.getControllers(),
    ]) {
      const prototype = prototypeOf(wrapper);
      const found = prototype ? this.#handlersOf(wrapper, prototype) : [];
      if (!prototype || found.length === 0) continue;
      const first = registered.get(prototype);
      if (!first) {
        for (const handler of found) handlers.add(handler);
        registered.set(prototype, wrapper);
      } else if (first.instance !== wrapper.instance) {
        this.#warnOfSecondInstance(wrapper);
      }
    }
  }

  #handlersOf(wrapper: InstanceWrapper, prototype: object): RegisteredHandler[] {
    return this.#scanner.getAllMethodNames(prototype).flatMap((key) => {
      const decorations = loginDecorationsOf(prototype, key).filter(
        ({ site = DEFAULT_SITE }) => site === this.#site,
      );
      if (decorations.length === 0) return [];
      const types = new Set(decorations.map(({ type }) => type));
      return {
        name: `${prototype.constructor.name}.${key}`,
        type: types.size === 1 ? decorations[0]?.type : undefined,
        handle: isStatic(wrapper)
          ? callOn(wrapper.instance as object, key)
          : resolvePerEvent(wrapper, key),
      };
    });
  }

  #warnOfSecondInstance({ name, host }: InstanceWrapper): void {
    this.#logger.warn(
      `${String(name)} is a provider of several modules and has several instances; the one of ${String(host?.name)} gets no ` +
        'logins. Provide the class in one module and export it from there.',
    );
  }
}

/** Gives the prototype that has the methods of a provider or controller; `undefined` for an alias and for plain values. */
export function prototypeOf(wrapper: InstanceWrapper): object | undefined {
  if (wrapper.isAlias) return undefined;
  const instance: unknown = wrapper.instance;
  if (typeof instance === 'object' && instance !== null)
    return Object.getPrototypeOf(instance) as object;
  // A factory that is called per event has no instance yet; its token may be the class.
  const { token } = wrapper;
  return typeof token === 'function' ? (token.prototype as object | undefined) : undefined;
}

function isStatic(wrapper: InstanceWrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** Looks the method up at each call, so that a spy that a test puts on the instance later is called. */
function callOn(instance: object, key: string): Method {
  return (event, context) => (Reflect.get(instance, key) as Method).call(instance, event, context);
}

/**
 * Resolves a request-scoped or transient class for each event. `@Inject(REQUEST)` gives the event. The application's
 * `ContextIdStrategy` is asked as for a request; a durable class outlives the event, so its `REQUEST` is the payload of the
 * strategy, as in Nest's router.
 */
function resolvePerEvent(wrapper: InstanceWrapper, key: string): Method {
  const { host, token } = wrapper;
  const moduleRef = host?.getProviderByKey<ModuleRef>(ModuleRef)?.instance;
  return async (event, context) => {
    const contextId = ContextIdFactory.getByRequest(event);
    const isShared = contextId.getParent !== undefined && wrapper.isDependencyTreeDurable();
    moduleRef?.registerRequestByContextId(isShared ? contextId.payload : event, contextId);
    const instance: object | undefined = await moduleRef?.resolve(token, contextId);
    return instance && callOn(instance, key)(event, context);
  };
}
