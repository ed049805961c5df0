import { applyDecorators } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiServiceUnavailableResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';

/** The name of the security scheme in the OpenAPI document. */
export const LIME_PASSPORT_SCHEME = 'lime-passport';

/** The security scheme, for `new DocumentBuilder().addBearerAuth(limePassportScheme, LIME_PASSPORT_SCHEME)`. */
export const limePassportScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'A LIME login passport: RS256, audience lime-site-login, valid for at most 120 s.',
} as const;

/** Documents a route, or all routes of a controller, as guarded by `PassportGuard`: its security scheme, 401, 403 and 503. */
export function ApiPassport(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiBearerAuth(LIME_PASSPORT_SCHEME),
    ApiUnauthorizedResponse({ description: 'The passport is missing or not valid for this site' }),
    ApiForbiddenResponse({ description: 'The passport does not meet the policy of the route' }),
    ApiServiceUnavailableResponse({ description: 'Passports cannot be verified at the moment' }),
  );
}
