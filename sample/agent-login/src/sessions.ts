import { Injectable } from '@nestjs/common';

/** How a login stands. */
export type LoginState =
  | { readonly status: 'pending' }
  | { readonly status: 'approved'; readonly agentId: string; readonly passport: string }
  | { readonly status: 'expired' };

/** Who is logged in, in memory. A real site keeps this where its other sessions are. */
@Injectable()
export class Sessions {
  private readonly logins = new Map<string, LoginState>();

  find(requestId: string): LoginState | undefined {
    return this.logins.get(requestId);
  }

  /** A login has been started. Its outcome may have come already: that stays. */
  expect(requestId: string): void {
    if (!this.logins.has(requestId)) this.logins.set(requestId, { status: 'pending' });
  }

  open(requestId: string, agentId: string, passport: string): void {
    this.logins.set(requestId, { status: 'approved', agentId, passport });
  }

  drop(requestId: string): void {
    this.logins.set(requestId, { status: 'expired' });
  }
}
