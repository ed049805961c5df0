import { Injectable } from '@nestjs/common';
import type { BindingPassportClaims, CommonPassportClaims } from '../passport/index.js';
import { BasePassportGuard } from './base-passport.guard.js';
import { fromQuery, type PassportExtractor } from './passport-extractors.js';
import type { SiteRuntime } from './site-runtime.js';

const FROM_QUERY = fromQuery();

/**
 * For the callback of a binding: lets a request in that carries a valid binding passport (`?passport=…`) of a binding
 * that this site started. Which of your users it belongs to you find by `binding_id`.
 */
@Injectable()
export class BindingPassportGuard extends BasePassportGuard {
  protected defaultExtractor(): PassportExtractor {
    return FROM_QUERY;
  }

  protected verify(
    token: string,
    expectedId: string | undefined,
    { passports }: SiteRuntime,
  ): Promise<BindingPassportClaims> {
    return passports.verifyBinding(token, expectedId);
  }

  protected idOf(claims: CommonPassportClaims): string {
    return (claims as BindingPassportClaims).binding_id;
  }

  protected isKnown(bindingId: string, { memory }: SiteRuntime): boolean | Promise<boolean> {
    return memory.knows('binding', bindingId);
  }
}
