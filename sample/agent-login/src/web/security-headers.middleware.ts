import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { siteConfig, type SiteConfig } from '../config/site.config.js';

/** Forbids foreign content, frames, and copies of a page that survive a log-out. */
@Injectable()
export class SecurityHeadersMiddleware implements NestMiddleware {
  private readonly headers: Record<string, string>;

  constructor(@Inject(siteConfig.KEY) { lime }: SiteConfig) {
    this.headers = {
      // Chromium applies form-action to redirects too, and that of a binding leads to LIME.
      'Content-Security-Policy': `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' ${lime.origin}; base-uri 'none'; frame-ancestors 'none'`,
      'Cache-Control': 'no-store',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    };
  }

  use(_request: Request, response: Response, next: NextFunction): void {
    response.set(this.headers).removeHeader('X-Powered-By');
    next();
  }
}
