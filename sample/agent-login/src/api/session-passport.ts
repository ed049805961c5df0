import type { Request } from 'express';
import { fromBearer, type PassportExtractor } from 'nestjs-lime-sites';
import { sessionOf } from '../session/session.js';

const bearer = fromBearer();

/**
 * Programs send their passport. Browsers never see theirs: it is in the session, and a cookie leads to it. Only what
 * reads may be reached like this without further thought about forged requests.
 */
export const bearerOrSession: PassportExtractor = (context) => {
  const sent = bearer(context);
  if (sent !== undefined && sent.length > 0) return sent;
  return sessionOf(context.switchToHttp().getRequest<Request>())?.agent?.passport;
};
