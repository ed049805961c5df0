import { Injectable } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';
import { type Observable, map } from 'rxjs';
import { report } from './story.js';

@Injectable()
export class LoginsService {
  constructor(private readonly site: LimeSiteService) {}

  async start(): Promise<string> {
    return (await this.site.createLoginRequest()).requestId;
  }

  /** Every replica knows the outcome, also of a login that another one received or handled. */
  outcome(requestId: string): Observable<string> {
    return this.site.outcomeOf(requestId).pipe(map(({ type }) => type));
  }

  /** Runs on one replica. Another one takes over when it dies. */
  @OnLimeLogin()
  async onLogin({ requestId }: LimeLoginEvent): Promise<void> {
    report({ kind: 'started', requestId });
    await new Promise((resolve) => setTimeout(resolve, 300)); // your database
    report({ kind: 'handled', requestId });
  }
}
