import { Injectable } from '@nestjs/common';
import { type LimeApprovedEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';

/** Starts logins, and remembers the approved ones. A real site asks its session store. */
@Injectable()
export class Logins {
  private readonly approved = new Set<string>();

  constructor(private readonly site: LimeSiteService) {}

  async start(): Promise<string> {
    return (await this.site.createLoginRequest()).requestId;
  }

  @OnLimeLogin('approved')
  onLogin({ requestId }: LimeApprovedEvent): void {
    this.approved.add(requestId);
  }

  has(requestId: string): boolean {
    return this.approved.has(requestId);
  }
}
