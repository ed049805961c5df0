export {
  ApiPassport,
  type ApiPassportOptions,
  LIME_PASSPORT_SCHEME,
  limePassportScheme,
} from './api-passport.decorator.js';
export { BindingRequestDto, LoginRequestDto, PassportClaimsDto, PassportErrorDto } from './dtos.js';
