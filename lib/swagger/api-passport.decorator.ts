import { applyDecorators } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiSecurity,
  ApiServiceUnavailableResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { PassportErrorDto } from './dtos.js';

/** The name of the security scheme in the OpenAPI document. */
export const LIME_PASSPORT_SCHEME = 'lime-passport';

/** The security scheme, for `new DocumentBuilder().addBearerAuth(limePassportScheme, LIME_PASSPORT_SCHEME)`. */
export const limePassportScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'A LIME login passport: RS256, audience lime-site-login, valid for at most 120 s.',
} as const;

/** What `@ApiPassport()` says about a route beyond its refusals. */
export interface ApiPassportOptions {
  /**
   * Documents that the route works without a passport, for `@PassportPolicy({ optional: true })`.
   * @default false
   */
  optional?: boolean | undefined;
}

const type = PassportErrorDto;
const headers = {
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750 section 3)',
    schema: { type: 'string' as const },
  },
};

/**
 * Documents a route, or all routes of a controller, as guarded by `PassportGuard`: its security scheme, and the body of 401, 403
 * and 503 (`PassportErrorDto`).
 */
export function ApiPassport({ optional = false }: ApiPassportOptions = {}): ClassDecorator &
  MethodDecorator {
  const missing = optional ? '' : 'missing or ';
  return applyDecorators(
    ApiBearerAuth(LIME_PASSPORT_SCHEME),
    ...(optional ? [ApiSecurity({})] : []),
    ApiUnauthorizedResponse({
      description: `The passport is ${missing}not valid for this site`,
      type,
      headers,
    }),
    ApiForbiddenResponse({
      description: 'The passport does not meet the policy of the route',
      type,
      headers,
    }),
    ApiServiceUnavailableResponse({
      description: 'Passports cannot be verified at the moment',
      type,
    }),
  );
}
