import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import type { PassportVerificationResult } from 'nestjs-lime-sites';

/** The guard is the same as on Express. */
@Controller('api')
@UseGuards(PassportGuard)
export class AgentsController {
  @Get('me')
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }

  @Get('vault')
  @PassportPolicy({ minKycLevel: 3 })
  vault(): object {
    return { secret: 'The oldest tree stands by the well.' };
  }
}
