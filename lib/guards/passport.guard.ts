import { type ExecutionContext, Injectable } from '@nestjs/common';
import type {
  CommonPassportClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import type { LimeSite } from '../lime-site.js';
import { BasePassportGuard } from './base-passport.guard.js';
import { fromBearer, fromMessage, type PassportExtractor } from './passport-extractors.js';

const FROM_BEARER = fromBearer();
const FROM_MESSAGE = fromMessage();

/**
 * Lets a request in with a valid passport of a login that this site started or received: in `Authorization: Bearer …` of the
 * request or the handshake (HTTP, GraphQL, WebSocket), or in the field `passport` of a microservice's message. Otherwise the
 * answer is 401, or 503 while LIME's keys are unavailable. `@PassportPolicy()` changes the requirements.
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

  protected isKnown(requestId: string, { store }: LimeSite): Promise<boolean> {
    return store.knows('login', requestId);
  }
}
