import { decodeJwt } from 'jose/jwt/decode';

/**
 * When a passport says that it expires, in milliseconds since the epoch. Nothing is verified: good for deciding how
 * long a verification is worth trying, and for nothing else.
 */
export function unverifiedExpiry(jwt: string): number | undefined {
  try {
    const { exp } = decodeJwt(jwt);
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
