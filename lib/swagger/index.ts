export { ApiPassport, LIME_PASSPORT_SCHEME, limePassportScheme } from './api-passport.decorator.js';
