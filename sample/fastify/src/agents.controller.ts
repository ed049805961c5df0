import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import type { CommonPassportClaims, PassportVerificationResult } from 'nestjs-lime-sites';

/** The rule of the vault: agents of the users in `VAULT_USERS` (ids, separated by commas). By default the list is empty. */
function isKeeper({ user_id: userId }: CommonPassportClaims): boolean {
  return process.env['VAULT_USERS']?.match(/[^\s,]+/g)?.includes(userId) ?? false;
}

/** Routes behind the same guard as on Express. */
@Controller('api')
@UseGuards(PassportGuard)
export class AgentsController {
  @Get('me')
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }

  @Get('vault')
  @PassportPolicy({ allow: isKeeper })
  vault(): object {
    return { secret: 'The oldest tree stands by the well.' };
  }
}
