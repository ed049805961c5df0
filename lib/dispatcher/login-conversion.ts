import type { LoginRecord } from '../interfaces/login-record.interface.js';
import { LimeError } from '../errors/index.js';
import { ApprovedEvent } from './approved-event.js';
import { expiredEvent, type LimeLoginEvent } from '../interfaces/login-events.interface.js';

/** The event as it travels between replicas, passport included. */
export function recordOf(event: LimeLoginEvent): LoginRecord {
  const { requestId } = event;
  const receivedAt = event.receivedAt.getTime();
  if (event.type === 'expired') {
    return { type: 'expired', requestId, origin: event.origin, receivedAt };
  }
  const { claims, passport } = event;
  return { type: 'approved', requestId, claims, passport, receivedAt };
}

/** The event again. Where the record came without its passport, reading `passport` is an error that says so. */
export function eventOf(record: LoginRecord): LimeLoginEvent {
  const receivedAt = new Date(record.receivedAt);
  if (record.type === 'expired') return expiredEvent(record.requestId, record.origin, receivedAt);
  const { requestId, claims, passport } = record;
  return new ApprovedEvent(requestId, passport ?? noPassport, claims, receivedAt);
}

function noPassport(): never {
  throw new LimeError(
    'PASSPORT_NOT_KEPT',
    'the passport of this login is not kept once its handlers are done: read it in a handler, or use the claims',
  );
}
