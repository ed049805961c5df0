import { LimeError } from './lime.error.js';

/** LIME answered with an error object; `code` is LIME’s own code, for example `VALIDATION_ERROR`. */
export class ApiError extends LimeError {}
