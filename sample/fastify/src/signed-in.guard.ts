import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Login, Logins } from './logins.service.js';

export interface SignedInRequest extends FastifyRequest {
  login: Login;
}

/** Accepts a client whose login an agent approved, and attaches that login to the request. */
@Injectable()
export class SignedInGuard implements CanActivate {
  constructor(private readonly logins: Logins) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    const login = this.logins.ofClient(request.headers.cookie);
    if (login?.outcome?.type !== 'approved') throw new UnauthorizedException();
    request.login = login;
    return true;
  }
}
