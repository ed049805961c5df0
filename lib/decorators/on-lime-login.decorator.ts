import type {
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeHandlerContext,
  LimeLoginEvent,
  LimeLoginEventType,
} from '../interfaces/login-events.interface.js';
import { LIME_LOGIN_HANDLER } from '../lime-sites.constants.js';

/** Which logins a method handles. Without options it handles all of the site without a name. */
export interface OnLimeLoginOptions {
  /**
   * Only this outcome.
   * @default both
   */
  type?: LimeLoginEventType;
  /** The name of the site, if the application has several. */
  site?: string;
}

interface EventOf {
  approved: LimeApprovedEvent;
  expired: LimeExpiredEvent;
}

type Handler<Event> = (event: Event, context: LimeHandlerContext) => unknown;
type HandlerDecorator<Event> = <Method extends Handler<Event>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method of a provider or controller a handler of logins, request-scoped classes included. The module calls it once
 * for each outcome with `(event, { signal, site })`. It may be asynchronous; an error is logged and affects no other handler.
 *
 * A method that overrides a decorated one is a handler too, with or without the decorator.
 *
 * @example
 * ```ts
 * @OnLimeLogin('approved')
 * async open(event: LimeApprovedEvent) { await this.sessions.open(event.requestId, event.claims.agent_id); }
 * ```
 */
export function OnLimeLogin(): HandlerDecorator<LimeLoginEvent>;
export function OnLimeLogin<Type extends LimeLoginEventType>(
  type: Type,
): HandlerDecorator<EventOf[Type]>;
export function OnLimeLogin<Type extends LimeLoginEventType>(
  options: OnLimeLoginOptions & { type: Type },
): HandlerDecorator<EventOf[Type]>;
export function OnLimeLogin(options: OnLimeLoginOptions): HandlerDecorator<LimeLoginEvent>;
export function OnLimeLogin(given: LimeLoginEventType | OnLimeLoginOptions = {}) {
  const options = typeof given === 'string' ? { type: given } : given;
  return (_target: object, _key: string | symbol, { value }: PropertyDescriptor): void => {
    const method: object = value;
    const earlier = decorationsOf(method) ?? [];
    Reflect.defineMetadata(LIME_LOGIN_HANDLER, [...earlier, options], method);
  };
}

/**
 * Reads the decorators of a method from its nearest decorated definition, so that an override without a decorator does not
 * lose logins.
 */
export function loginDecorationsOf(prototype: object, key: string): readonly OnLimeLoginOptions[] {
  let level: object | null = prototype;
  while (level) {
    const method: unknown = Object.getOwnPropertyDescriptor(level, key)?.value;
    const decorations = typeof method === 'function' ? decorationsOf(method) : undefined;
    if (decorations) return decorations;
    level = Object.getPrototypeOf(level) as object | null;
  }
  return [];
}

function decorationsOf(method: object): readonly OnLimeLoginOptions[] | undefined {
  return Reflect.getOwnMetadata(LIME_LOGIN_HANDLER, method) as OnLimeLoginOptions[] | undefined;
}
