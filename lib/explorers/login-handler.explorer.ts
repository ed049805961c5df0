import {
  ContextIdFactory,
  type DiscoveryService,
  type MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import type { RegisteredHandler } from '../dispatcher/handler-registry.js';
import type { LimeHandlerContext } from '../interfaces/login-events.interface.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';
import type { LimeLogger } from '../common/logger.js';
import { DEFAULT_SITE } from '../lime-sites.constants.js';
import { loginDecorationOf } from '../decorators/login-decoration.js';
import { type InstanceWrapper, prototypeOf } from './provider-prototype.js';

type Method = (event: LimeLoginEvent, context: LimeHandlerContext) => unknown;
type Handlers = { add(handler: RegisteredHandler): unknown };

/** Finds the methods that are decorated with `@OnLimeLogin()` for one site, and registers each of them once. */
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
    /** Each class with the provider that its logins go to. */
    const seen = new Map<object, InstanceWrapper>();
    for (const wrapper of [
      ...this.#discovery.getProviders(),
      ...this.#discovery.getControllers(),
    ]) {
      const prototype = prototypeOf(wrapper);
      if (!prototype) continue;
      const found = this.#handlersOf(wrapper, prototype);
      if (found.length === 0) continue;
      const first = seen.get(prototype);
      if (!first) for (const handler of found) handlers.add(handler);
      else if (first.instance !== wrapper.instance) this.#warnOfSecondInstance(wrapper);
      seen.set(prototype, first ?? wrapper);
    }
  }

  #handlersOf(wrapper: InstanceWrapper, prototype: object): RegisteredHandler[] {
    return this.#scanner.getAllMethodNames(prototype).flatMap((key) => {
      const decorated = loginDecorationOf(prototype, key)?.filter(
        ({ site = DEFAULT_SITE }) => site === this.#site,
      );
      if (!decorated || decorated.length === 0) return [];
      const types = new Set(decorated.map(({ type }) => type));
      const className = prototype.constructor.name;
      return [
        {
          name: `${className}.${key}`,
          type: types.size === 1 ? decorated[0]?.type : undefined,
          handle: isStatic(wrapper)
            ? callOn(wrapper.instance as object, key)
            : this.#callPerEvent(wrapper, key),
        },
      ];
    });
  }

  /** Request-scoped and transient ones are made anew for each event; `@Inject(REQUEST)` gives them the event. */
  #callPerEvent({ host, token }: InstanceWrapper, key: string): Method {
    const moduleRef = host?.getProviderByKey<ModuleRef>(ModuleRef)?.instance;
    return async (event, context) => {
      const contextId = ContextIdFactory.create();
      moduleRef?.registerRequestByContextId(event, contextId);
      const instance: object | undefined = await moduleRef?.resolve(token, contextId);
      return instance && callOn(instance, key)(event, context);
    };
  }

  #warnOfSecondInstance({ name, host }: InstanceWrapper): void {
    this.#logger.warn(
      `${String(name)} is a provider of several modules, so there are several instances of it; the one in ` +
        `${String(host?.name)} gets no logins. Provide it in one module and export it from there.`,
    );
  }
}

function isStatic(wrapper: InstanceWrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** Looked up at each call, so that a spy put on the instance later is called. */
function callOn(instance: object, key: string): Method {
  return (event, context) => (Reflect.get(instance, key) as Method).call(instance, event, context);
}
