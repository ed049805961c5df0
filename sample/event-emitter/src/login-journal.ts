import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { LimeConnection, LimeLoginEvent, LimeLoginRejection } from 'nestjs-lime-sites';

/** Hears of logins without knowing the module that they come from. */
@Injectable()
export class LoginJournal {
  /** The star needs `EventEmitterModule.forRoot({ wildcard: true })`; without it nothing arrives here. */
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
