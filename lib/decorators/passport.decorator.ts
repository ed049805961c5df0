import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { LimeError } from '../errors/index.js';
import type {
  BindingPassportClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import { attachedAdmission, sharedObjectOf } from '../guards/execution.js';

/** The names that a type lists, without those of its index signature. */
export type NamedKey<Type> = keyof {
  [Key in keyof Type as string extends Key ? never : Key]: Type[Key];
};
type ClaimName = NamedKey<PassportClaims> | NamedKey<BindingPassportClaims>;

/**
 * Injects the passport that `PassportGuard` or `BindingPassportGuard` verified: the whole `PassportVerificationResult`, or one
 * claim by its name. On a route with `@PassportPolicy({ optional: true })` either is `undefined` without a passport; TypeScript
 * cannot see that, so declare the parameter as one that may be missing: `@Passport() passport?: PassportVerificationResult`.
 * In a test that overrides the guard, `attachPassport()` from `nestjs-lime-sites/testing` provides it.
 * @throws {LimeError} `GUARD_MISSING` on a route without such a guard, which would otherwise be open.
 */
export const Passport: (claim?: ClaimName) => ParameterDecorator = createParamDecorator(
  (claim: ClaimName | undefined, context: ExecutionContext): unknown => {
    const admission = attachedAdmission(sharedObjectOf(context), context);
    if (!admission) {
      const route = `${context.getClass().name}.${context.getHandler().name}`;
      throw new LimeError(
        'GUARD_MISSING',
        `@Passport() in ${route} needs @UseGuards(PassportGuard) or BindingPassportGuard; a guard that takes their place in a ` +
          'test calls attachPassport() of nestjs-lime-sites/testing',
      );
    }
    const { passport } = admission;
    return claim === undefined ? passport : passport?.claims[claim];
  },
);
