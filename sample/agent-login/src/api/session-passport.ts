import type { Request } from 'express';
import { fromBearer, type PassportExtractor } from 'nestjs-lime-sites';

const bearer = fromBearer();

/**
 * Services send the passport that they hold. The passport of a browser's login stays in its session. That is safe for routes that only read: browsers send the cookie with forged requests of other sites, too.
 */
export const bearerOrSession: PassportExtractor = (context) => {
  const sent = bearer(context);
  if (sent !== undefined && sent.length > 0) return sent;
  return context.switchToHttp().getRequest<Request>().session.agent?.passport;
};
