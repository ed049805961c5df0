import { applyDecorators } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiServiceUnavailableResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';

/** The name of the security scheme in the OpenAPI document. */
export const LIME_PASSPORT_SCHEME = 'lime-passport';

/** The security scheme: `new DocumentBuilder().addBearerAuth(limePassportScheme, LIME_PASSPORT_SCHEME)`. */
export const limePassportScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'A LIME login passport: RS256, audience lime-site-login, good for two minutes at most.',
} as const;

/** Marks a route, or all routes of a controller, as guarded by `PassportGuard` in the OpenAPI document. */
export function ApiPassport(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiBearerAuth(LIME_PASSPORT_SCHEME),
    ApiUnauthorizedResponse({ description: 'No passport, or one that is not valid here' }),
    ApiForbiddenResponse({ description: 'The passport does not meet the policy of the route' }),
    ApiServiceUnavailableResponse({ description: 'Passports cannot be verified at the moment' }),
  );
}
