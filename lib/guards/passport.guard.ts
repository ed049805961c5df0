import { type ExecutionContext, Injectable } from '@nestjs/common';
import type {
  CommonPassportClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import { BasePassportGuard } from './base-passport.guard.js';
import { fromBearer, fromMessage, type PassportExtractor } from './passport-extractors.js';
import type { LimeSite } from '../lime-site.js';

const FROM_BEARER = fromBearer();
const FROM_MESSAGE = fromMessage();

/**
 * Lets a request in that carries a valid login passport of a login that this site started or received: in
 * `Authorization: Bearer …` of the request or the handshake (HTTP, GraphQL, WebSocket), or in the field `passport` of
 * a microservice's message. Otherwise 401; 503 when LIME's keys cannot be had. `@PassportPolicy()` changes what is asked.
 */
@Injectable()
export class PassportGuard extends BasePassportGuard {
  protected defaultExtractor(context: ExecutionContext): PassportExtractor {
    return context.getType() === 'rpc' ? FROM_MESSAGE : FROM_BEARER;
  }

  protected verify(
    token: string,
    expectedId: string | undefined,
    { passports }: LimeSite,
  ): Promise<PassportClaims> {
    return passports.verifyLogin(token, expectedId);
  }

  protected idOf(claims: CommonPassportClaims): string {
    return (claims as PassportClaims).request_id;
  }

  protected isKnown(requestId: string, site: LimeSite): Promise<boolean> {
    return site.store.knows('login', requestId);
  }
}
