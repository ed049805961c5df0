import { Injectable } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';
import { type Observable, map } from 'rxjs';
import { tell } from './story.js';

@Injectable()
export class LoginsService {
  constructor(private readonly site: LimeSiteService) {}

  async start(): Promise<string> {
    return (await this.site.createLoginRequest()).requestId;
  }

  /** On every replica, whichever of them heard of the login or handled it. */
  outcome(requestId: string): Observable<string> {
    return this.site.outcomeOf(requestId).pipe(map(({ type }) => type));
  }

  /** Runs on one replica; on another one if that dies meanwhile. */
  @OnLimeLogin()
  async settle({ requestId }: LimeLoginEvent): Promise<void> {
    tell({ kind: 'begins', requestId });
    await new Promise((resolve) => setTimeout(resolve, 300)); // your database
    tell({ kind: 'settled', requestId });
  }
}
