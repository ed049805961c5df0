export {
  ApiPassport,
  type ApiPassportOptions,
  LIME_PASSPORT_SCHEME,
  limePassportScheme,
} from './api-passport.decorator.js';
export { PassportClaimsDto, PassportErrorDto } from './dtos.js';
export { BindingRequestDto, LoginRequestDto } from './dtos.js';
