import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import type { PassportVerificationResult } from 'nestjs-lime-sites';
import { bearerOrSession } from './session-passport.js';
import { isKeeper } from './vault-keepers.js';

/** What the site does for agents. Each route says what it asks of them. */
@Controller('api')
@UseGuards(PassportGuard)
@PassportPolicy({ from: bearerOrSession })
export class ApiController {
  @Get('me')
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }

  /** The orders of the user behind the agent, whichever agent asks. */
  @Get('orders')
  orders(@Passport('user_id') userId: string): object {
    return { userId, orders: [{ id: 'o-1', what: 'Lime saplings', count: 12 }] };
  }

  /** Policies add up: the passport is looked for as the class says, and the rule applies as well. */
  @Get('vault')
  @PassportPolicy({ allow: isKeeper })
  vault(): object {
    return { secret: 'The oldest tree stands by the well.' };
  }
}
