import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { LimeError } from '../errors/index.js';
import type { BindingPassportClaims, PassportClaims } from '../passport/index.js';
import { sharedObjectOf } from './handshake.js';
import { attachedAdmission } from './verified-passport.js';

/** The names that are written out in a type, without those of its index signature. */
type NamedKey<Type> = keyof { [Key in keyof Type as string extends Key ? never : Key]: Type[Key] };
type ClaimName = NamedKey<PassportClaims> | NamedKey<BindingPassportClaims>;

/**
 * Gives a route handler the passport that `PassportGuard` or `BindingPassportGuard` verified: the whole
 * `PassportVerificationResult`, or the one claim that is named.
 * @throws {LimeError} `GUARD_MISSING` on a route without such a guard, which would otherwise let everybody in.
 */
export const Passport: (claim?: ClaimName) => ParameterDecorator = createParamDecorator(
  (claim: ClaimName | undefined, context: ExecutionContext): unknown => {
    const verified = attachedAdmission(sharedObjectOf(context), context)?.passport;
    if (!verified) {
      const route = `${context.getClass().name}.${context.getHandler().name}`;
      throw new LimeError(
        'GUARD_MISSING',
        `@Passport() in ${route} needs @UseGuards(PassportGuard) or BindingPassportGuard`,
      );
    }
    return claim === undefined ? verified : verified.claims[claim];
  },
);
