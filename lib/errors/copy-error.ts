import { inspect } from 'node:util';
import { LimeError } from './lime.errors.js';
import { redact } from './redact.js';

const MAX_LENGTH = 500;

/** The safe parts of a thrown value. */
export interface ThrownValue {
  readonly name: string;
  /** For example `ECONNRESET`; empty without one. */
  readonly code: string;
  readonly message: string;
}

/**
 * Copies name, code and redacted message of a foreign error. The object itself is never kept, because libraries put
 * commands, arguments and bodies on their errors. Returns an error of this package as it is.
 * @param secrets removed from the copy, as whole passports are.
 */
export function copyError(thrown: unknown, secrets: readonly string[] = []): Error {
  if (thrown instanceof LimeError) return thrown;
  const { name, code, message } = readThrown(thrown, secrets);
  const copy = new Error(message);
  // Its own stack would point here.
  Object.defineProperty(copy, 'stack', { value: `${name}: ${message}`, configurable: true });
  copy.name = name;
  return code === '' ? copy : Object.assign(copy, { code });
}

/**
 * Reads any thrown value, even one whose getters throw. Looks at its shape rather than its class, because errors of another
 * realm are errors too.
 */
export function readThrown(thrown: unknown, secrets: readonly string[] = []): ThrownValue {
  const clean = (text: string) => redact(text, secrets).slice(0, MAX_LENGTH);
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', code: '', message: clean(show(thrown)) };
  }
  return {
    name: clean(stringMember(thrown, 'name') ?? 'Error'),
    code: clean(stringMember(thrown, 'code') ?? ''),
    message: clean(stringMember(thrown, 'message') ?? show(thrown)),
  };
}

/** What was thrown, in one line: the message, with the name of an error that has a telling one. */
export function reasonOf(thrown: unknown, secrets: readonly string[] = []): string {
  const { name, message } = readThrown(thrown, secrets);
  return name === 'Error' ? message : `${name}: ${message}`;
}

/** The stack of what was thrown; what it was, if that is not an error. */
export function stackOf(thrown: unknown): string {
  const stack = typeof thrown === 'object' && thrown !== null && stringMember(thrown, 'stack');
  return stack || `threw ${readThrown(thrown).message}`;
}

function stringMember(value: object, name: string): string | undefined {
  try {
    const member: unknown = Reflect.get(value, name);
    return typeof member === 'string' ? member : undefined;
  } catch {
    return undefined;
  }
}

function show(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Infinity });
  } catch {
    return 'a value that cannot be shown';
  }
}
