import type { ExecutionContext } from '@nestjs/common';
import type { CommonPassportClaims, PassportVerificationResult } from '../passport/index.js';

/** Where a guard leaves its admission. Not enumerable, so that logging a request does not show it. */
const ADMISSION = Symbol('lime-sites.admission');

interface AdmissionDetails {
  readonly passport: PassportVerificationResult<CommonPassportClaims>;
  readonly context: ExecutionContext;
  /** The class of the guard. */
  readonly guard: unknown;
  /** The passport or binding code that came with the request. */
  readonly token: string;
  /** What was claimed under `singleUse`. */
  readonly uses: ReadonlySet<string>;
}

/** What a guard found out about one execution of one route handler. Its token is a secret, so only `passport` can be inspected. */
export class Admission {
  readonly passport: AdmissionDetails['passport'];
  readonly #details: AdmissionDetails;

  constructor(details: AdmissionDetails) {
    this.passport = details.passport;
    this.#details = details;
  }

  get uses(): ReadonlySet<string> {
    return this.#details.uses;
  }

  /** Whether the same guard checked the same token: applied globally and on the route, it asks once. */
  answers(guard: unknown, token: string): boolean {
    return this.#details.guard === guard && this.#details.token === token;
  }

  /** Whether it belongs to this route handler: an earlier one may have passed the request on with `next()`. */
  isOf(context: ExecutionContext): boolean {
    const { context: own } = this.#details;
    return own.getHandler() === context.getHandler() && own.getClass() === context.getClass();
  }
}

export function attachAdmission(target: object, admission: Admission): void {
  Object.defineProperty(target, ADMISSION, { value: admission, configurable: true });
}

export function attachedAdmission(
  target: object,
  context: ExecutionContext,
): Admission | undefined {
  const admission = Reflect.get(target, ADMISSION) as Admission | undefined;
  return admission?.isOf(context) ? admission : undefined;
}
