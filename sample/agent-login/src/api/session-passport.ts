import type { Request } from 'express';
import { fromBearer, type PassportExtractor } from 'nestjs-lime-sites';
import { sessionOf } from '../session/session.js';

const bearer = fromBearer();

/**
 * Services send a passport that they hold. The passport of a login in this site stays in the session, and the cookie leads to
 * it. That is safe for routes that only read: browsers send the cookie with requests that other sites forge, too.
 */
export const bearerOrSession: PassportExtractor = (context) => {
  const sent = bearer(context);
  if (sent !== undefined && sent.length > 0) return sent;
  return sessionOf(context.switchToHttp().getRequest<Request>())?.agent?.passport;
};
