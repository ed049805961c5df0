import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import { siteConfig, type SiteConfig } from '../config/site.config.js';
import { SiteData } from '../data/site-data.js';
import { SiteAddress } from '../web/site-address.js';
import { SessionCookie } from './session-cookie.js';
import { SessionStore } from './session-store.js';

/** Finds the session of each request (`request.session`). A browser gets a cookie when it starts a login. */
@Injectable()
export class SessionMiddleware implements NestMiddleware {
  private readonly handler: RequestHandler;

  constructor(
    @Inject(siteConfig.KEY) { sessionSecret }: SiteConfig,
    private readonly address: SiteAddress,
    { name, options: cookie }: SessionCookie,
    data: SiteData,
  ) {
    const secret = sessionSecret ?? keptSecret(data);
    const store = new SessionStore(data);
    const rules = { resave: false, saveUninitialized: false, proxy: true };
    this.handler = session({ name, secret, cookie, store, ...rules });
  }

  use(request: Request, response: Response, next: NextFunction): void {
    // express-session sends a Secure cookie over HTTPS only. PUBLIC_URL says that browsers use it, up to the proxy.
    if (this.address.secure) request.headers['x-forwarded-proto'] = 'https';
    this.handler(request, response, next);
  }
}

/** A secret that lives as long as the sessions that it signs. */
function keptSecret(data: SiteData): string {
  const kept = data.get('session-secret');
  const secret = typeof kept === 'string' ? kept : randomBytes(32).toString('hex');
  data.set('session-secret', secret);
  return secret;
}
