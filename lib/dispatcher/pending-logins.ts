import { types } from 'node:util';
import { isObject, shorten, show } from '../common/check-options.js';
import { LimeError } from '../errors/index.js';
import type { PendingLogin } from '../interfaces/requests.interface.js';

/** Faults that one error names. */
const MAX_FAULTS = 10;

/** The valid ones of the logins to resume, and an error about the others. */
export function readPendingLogins(requests: unknown): {
  valid: PendingLogin[];
  error: LimeError | undefined;
} {
  const valid: PendingLogin[] = [];
  const faults: string[] = [];
  if (isIterable(requests)) {
    let index = 0;
    for (const request of requests) {
      const found = faultsOf(request).map((fault) => shorten(`requests[${index}]${fault}`));
      if (found.length === 0) valid.push(request as PendingLogin);
      faults.push(...found);
      index++;
    }
  } else {
    const hint = types.isPromise(requests) ? ': await it' : '';
    faults.push(`requests must be an iterable such as an array, got ${show(requests)}${hint}`);
  }
  return { valid, error: faults.length > 0 ? errorOf(faults) : undefined };
}

function faultsOf(request: unknown): string[] {
  if (!isObject(request)) return [` must be { requestId, expiresAt }, got ${show(request)}`];
  const { requestId, expiresAt } = request as Partial<Record<string, unknown>>;
  const faults: string[] = [];
  if (typeof requestId !== 'string' || requestId.trim() === '')
    faults.push(`.requestId must be a non-empty string, got ${show(requestId)}`);
  if (!types.isDate(expiresAt) || Number.isNaN(expiresAt.getTime()))
    faults.push(`.expiresAt must be a valid Date, got ${showDate(expiresAt)}`);
  return faults;
}

function showDate(value: unknown): string {
  if (types.isDate(value)) return 'an invalid Date';
  const hint = typeof value === 'string' || typeof value === 'number' ? ': use new Date()' : '';
  return show(value) + hint;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return isObject(value) && typeof Reflect.get(value, Symbol.iterator) === 'function';
}

function errorOf(faults: string[]): LimeError {
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : '';
  const named = faults.slice(0, MAX_FAULTS);
  const message = `resumeLogins(): ${named.join('; ')}${more}`;
  return new LimeError('INVALID_ARGUMENT', message, { detail: { faults: named } });
}
