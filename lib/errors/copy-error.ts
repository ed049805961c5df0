import { inspect } from 'node:util';
import { LimeError } from './lime.error.js';
import { redact } from './redact.js';

/** A longer message says nothing more to a person. */
const MAX_MESSAGE = 500;

/** The parts of a thrown value that are fit to be kept. */
export interface ThrownValue {
  readonly name: string;
  /** Of system errors and of most libraries, for example `ECONNRESET`; empty without one. */
  readonly code: string;
  readonly message: string;
}

/**
 * Copies what other code threw: name, code and redacted message. The object itself is never kept, because libraries put
 * commands, arguments and bodies on their errors. An error of this module is returned as it is.
 * @param secrets what to cut out beside passports.
 */
export function copyError(thrown: unknown, secrets: readonly string[] = []): Error {
  if (thrown instanceof LimeError) return thrown;
  const { name, code, message } = readThrown(thrown, secrets);
  const copy = new Error(message);
  // The stack would be that of the copy.
  Object.defineProperty(copy, 'stack', { value: `${name}: ${message}`, configurable: true });
  copy.name = name;
  return code === '' ? copy : Object.assign(copy, { code });
}

/**
 * Reads any thrown value, also one whose members throw.
 * Looks at the shape and not at the class, because errors of another realm are errors too.
 */
export function readThrown(thrown: unknown, secrets: readonly string[] = []): ThrownValue {
  const clean = (text: string) => redact(text, secrets).slice(0, MAX_MESSAGE);
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', code: '', message: clean(textOf(thrown)) };
  }
  const message = textMember(thrown, 'message') ?? textOf(thrown);
  return {
    name: clean(textMember(thrown, 'name') ?? 'Error'),
    code: clean(textMember(thrown, 'code') ?? ''),
    message: clean(message),
  };
}

/** What was thrown, in one line: the message, with the name of an error that has a telling one. */
export function reasonOf(thrown: unknown, secrets: readonly string[] = []): string {
  const { name, message } = readThrown(thrown, secrets);
  return name === 'Error' ? message : `${name}: ${message}`;
}

/** The stack of what was thrown; what it was, if that is not an error. */
export function stackOf(thrown: unknown): string {
  const stack = typeof thrown === 'object' && thrown !== null && textMember(thrown, 'stack');
  return stack || `threw ${readThrown(thrown).message}`;
}

function textMember(value: object, name: string): string | undefined {
  try {
    const member: unknown = Reflect.get(value, name);
    return typeof member === 'string' ? member : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Infinity });
  } catch {
    return 'a value that cannot be shown';
  }
}
