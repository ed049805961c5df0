import type {
  CommonPassportClaims,
  PassportVerificationResult,
} from '../interfaces/passport-claims.interface.js';

/** What a guard found out about one execution of a route handler. */
export interface Admission {
  readonly passport: PassportVerificationResult<CommonPassportClaims>;
  /** The kind of guard, the site and the token or code: a second guard that asks for the same has its answer. */
  readonly key: string;
}

/** Where a guard leaves the verified passport. Not enumerable, so that logging a request does not show it. */
const ADMISSION = Symbol('lime-sites.admission');

export function attachAdmission(target: object, admission: Admission): void {
  Object.defineProperty(target, ADMISSION, { value: admission, configurable: true });
}

export function attachedAdmission(target: object): Admission | undefined {
  return Reflect.get(target, ADMISSION) as Admission | undefined;
}
