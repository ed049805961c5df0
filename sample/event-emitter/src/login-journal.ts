import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { LimeConnection, LimeLoginEvent, LimeLoginRejection } from 'nestjs-lime-sites';

/** Subscribes to logins, and does not depend on the module that emits them. */
@Injectable()
export class LoginJournal {
  /** The wildcard needs `EventEmitterModule.forRoot({ wildcard: true })`. */
  @OnEvent('lime.login.*')
  note(event: LimeLoginEvent | LimeLoginRejection): void {
    if ('error' in event) console.log(`${event.requestId} rejected: ${event.error.message}`);
    else if (event.type === 'expired') console.log(`${event.requestId} expired`);
    else console.log(`${event.requestId} approved by agent ${event.claims.agent_id}`);
  }

  @OnEvent('lime.connection.changed')
  noteConnection({ state }: LimeConnection): void {
    console.log(`The event stream is ${state}`);
  }
}
