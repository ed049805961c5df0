import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import type { PassportVerificationResult } from 'nestjs-lime-sites';
import { bearerOrSession } from './session-passport.js';
import { isKeeper } from './vault-keepers.js';

/** The site's API for agents. */
@Controller('api')
@UseGuards(PassportGuard)
@PassportPolicy({ from: bearerOrSession })
export class ApiController {
  @Get('me')
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }

  /** The orders of the agent's user. Every agent of this user may ask. */
  @Get('orders')
  orders(@Passport('user_id') userId: string): object {
    return { userId, orders: [{ id: 'o-1', what: 'Lime saplings', count: 12 }] };
  }

  /** Policies add up: `from` of the class and `allow` of the method both apply. */
  @Get('vault')
  @PassportPolicy({ allow: isKeeper })
  vault(): object {
    return { secret: 'The oldest tree stands by the well.' };
  }
}
