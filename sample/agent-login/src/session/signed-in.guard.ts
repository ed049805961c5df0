import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { SignInRequired } from '../web/sign-in-required.exception.js';

/** Sends browsers that are not signed in to the start page. */
@Injectable()
export class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<Request>().session.agent) return true;
    throw new SignInRequired();
  }
}
