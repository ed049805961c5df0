import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import type { PassportVerificationResult } from 'nestjs-lime-sites';
import { bearerOrSession } from './session-passport.js';

/** What the site does for agents. Each route says what it asks of them. */
@Controller('api')
@UseGuards(PassportGuard)
@PassportPolicy({ from: bearerOrSession })
export class ApiController {
  @Get('me')
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }

  @Get('orders')
  @PassportPolicy({ minKycLevel: 1, minReputation: 50 })
  orders(@Passport('user_id') userId: string): object {
    return { userId, orders: [{ id: 'o-1', what: 'Lime saplings', count: 12 }] };
  }

  @Get('vault')
  @PassportPolicy({ minKycLevel: 3 })
  vault(): object {
    return { secret: 'The oldest tree stands by the well.' };
  }
}
