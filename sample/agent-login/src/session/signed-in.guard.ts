import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { SignInRequired } from '../web/sign-in-required.exception.js';
import { sessionOf } from './session.js';

/** Sends everybody who is not signed in to the start page. */
@Injectable()
export class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (sessionOf(context.switchToHttp().getRequest<Request>())?.agent) return true;
    throw new SignInRequired();
  }
}
