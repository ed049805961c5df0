import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ForbiddenException } from '@nestjs/common';
import type { Request } from 'express';
import { SiteAddress } from './site-address.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses forged requests (CSRF): a request that changes something must come from a page of this site. Every browser sends
 * the origin of a POST (`Sec-Fetch-Site`, `Origin`). A program sends neither, and has only cookies of its own.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(private readonly address: SiteAddress) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (SAFE.has(request.method) || this.isOwn(request)) return true;
    throw new ForbiddenException('This request came from another site.');
  }

  private isOwn(request: Request): boolean {
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (site !== undefined && site !== 'same-origin') return false;
    return origin === undefined || origin === this.address.originFor(request);
  }
}
