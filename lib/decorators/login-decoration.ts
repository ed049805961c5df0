import { getLimeLoginHandlers, type OnLimeLoginOptions } from './on-lime-login.decorator.js';

/** The nearest decorated definition counts: an override without the decorator does not lose logins. */
export function loginDecorationOf(
  prototype: object,
  key: string,
): readonly OnLimeLoginOptions[] | undefined {
  for (
    let level: object | null = prototype;
    level;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    const method: unknown = Object.getOwnPropertyDescriptor(level, key)?.value;
    const decorated = typeof method === 'function' ? getLimeLoginHandlers(method) : undefined;
    if (decorated) return decorated;
  }
  return undefined;
}
