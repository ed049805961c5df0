import type {
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeLoginEvent,
  LimeLoginEventType,
} from '../interfaces/login-events.interface.js';
import type { LimeHandlerContext } from '../interfaces/login-events.interface.js';
import { LIME_LOGIN_HANDLER } from '../lime-sites.constants.js';

/** Which logins a method handles; all of them, if nothing is said. */
export interface OnLimeLoginOptions {
  /** Only this outcome. Default: both. */
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
 * Makes a method of a provider or controller a handler of logins, request-scoped ones included. It is called once for
 * each outcome with `(event, { signal, site })` and may be asynchronous; what it throws is logged and harms no other handler.
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
    const earlier = getLimeLoginHandlers(method) ?? [];
    Reflect.defineMetadata(LIME_LOGIN_HANDLER, [...earlier, options], method);
  };
}

/** What the decorators on a method say; `undefined` for a method without. */
export function getLimeLoginHandlers(method: object): readonly OnLimeLoginOptions[] | undefined {
  return Reflect.getMetadata(LIME_LOGIN_HANDLER, method) as OnLimeLoginOptions[] | undefined;
}
