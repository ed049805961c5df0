import type { ExecutionContext } from '@nestjs/common';
import { handshakeOf, messageOf } from './execution.js';

/** Finds the passports in one place. The guard refuses more than one passport, counted over all its places. */
export type PassportExtractor = (
  context: ExecutionContext,
) => string | readonly string[] | undefined;

/** `Bearer`, in any case (RFC 9110 section 11.1), and the spaces behind it. */
const BEARER = /^Bearer +/i;

/** `Authorization: Bearer …`, in the request or the handshake. The default of `PassportGuard`. */
export function fromBearer(): PassportExtractor {
  return (context) => {
    const value = handshakeOf(context).headers?.['authorization'];
    if (typeof value === 'string') return bearerToken(value);
    return textsIn(value).flatMap((text) => bearerToken(text) ?? []);
  };
}

/** Reads one token without spaces out of `Authorization` (RFC 6750 section 2.1). The verification checks the rest. */
export function bearerToken(value: string): string | undefined {
  const scheme = BEARER.exec(value)?.[0];
  if (scheme === undefined) return undefined;
  const token = value.slice(scheme.length);
  return token.includes(' ') ? undefined : token;
}

/** Quotes around the value of a cookie are not part of it (RFC 6265 section 4.1.1). */
const QUOTED = /^"(.*)"$/;

/** A header of its own, for example where the application needs `Authorization` for something else. */
export function fromHeader(name = 'X-Lime-Passport'): PassportExtractor {
  return (context) =>
    textsIn(handshakeOf(context).headers?.[name.toLowerCase()])
      .flatMap((value) => value.split(',')) // Node joins headers of one name (RFC 9110 section 5.3)
      .flatMap((value) => textsIn(value.trim()));
}

/**
 * A query parameter. URLs end up in logs and histories: prefer a header wherever you have the choice (RFC 6750 section 5.3).
 * `BindingPassportGuard` reads `binding_code` by default.
 */
export function fromQuery(name = 'passport'): PassportExtractor {
  return (context) => textsIn(handshakeOf(context).query?.[name]);
}

/** A cookie (RFC 6265 section 5.4). Browsers send cookies without being asked, so protect such routes against CSRF. */
export function fromCookie(name: string): PassportExtractor {
  return (context) =>
    textsIn(handshakeOf(context).headers?.['cookie'])
      .flatMap((header) => header.split(';'))
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1))
      .flatMap((value) => textsIn(QUOTED.exec(value)?.[1] ?? value));
}

/** A field of `auth` of a socket.io client, or of `connectionParams` of a GraphQL subscription. */
export function fromHandshakeAuth(name = 'passport'): PassportExtractor {
  return (context) => textsIn(handshakeOf(context).auth?.[name]);
}

/** A field of the message of a gateway or microservice. The default of `PassportGuard` for microservices. */
export function fromMessage(name = 'passport'): PassportExtractor {
  return (context) => {
    const message = messageOf(context);
    if (typeof message !== 'object' || message === null) return undefined;
    return textsIn(Reflect.get(message, name));
  };
}

/** Collects the passports that the extractors find. */
export function extractPassports(
  extractors: PassportExtractor | readonly PassportExtractor[],
  context: ExecutionContext,
): readonly string[] {
  if (typeof extractors === 'function') return textsIn(extractors(context));
  return extractors.flatMap((extract) => textsIn(extract(context)));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value)
    ? value.filter((text) => typeof text === 'string' && text !== '')
    : [];
}
