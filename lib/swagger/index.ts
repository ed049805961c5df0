export {
  ApiPassport,
  type ApiPassportOptions,
  LIME_PASSPORT_SCHEME,
  limePassportScheme,
} from './api-passport.decorator.js';
export { PassportClaimsDto, PassportErrorDto } from './passport.dto.js';
export { BindingRequestDto, LoginRequestDto } from './request.dto.js';
