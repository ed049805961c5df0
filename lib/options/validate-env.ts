import { LimeError } from '../errors/index.js';
import type { LimeSitesEnv, LimeSitesEnvOptions } from './environment.js';
import { faultsOfEnvironment } from './environment-faults.js';

/**
 * The same check as a function that gives the environment back, for the option `validate` of every `@nestjs/config`.
 * @throws {LimeError} `INVALID_OPTIONS`, which names each variable that is wrong.
 *
 * @example
 * ```ts
 * ConfigModule.forRoot({ validate: validateLimeSitesEnv })
 * ```
 */
export function validateLimeSitesEnv(
  env: Record<string, unknown>,
  options: LimeSitesEnvOptions = {},
): LimeSitesEnv {
  const faults = faultsOfEnvironment(env, options).map(
    ({ variable, predicate }) => `${variable} ${predicate}`,
  );
  if (faults.length === 0) return env as LimeSitesEnv;
  throw new LimeError(
    'INVALID_OPTIONS',
    `The environment is not fit for LIME: ${faults.join('; ')}`,
    {
      detail: { faults },
    },
  );
}
