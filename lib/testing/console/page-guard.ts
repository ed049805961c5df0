import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback } from '../redirect-uri.js';
import { SandboxError } from '../sandbox-error.js';
import type { SandboxRequest } from '../sandbox-request.js';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Keeps other sites' pages in the same browser from using those of the sandbox on localhost. */
export class PageGuard {
  /** Only the pages of the sandbox carry it. */
  readonly token = randomBytes(24).toString('base64url');

  /** @param host the address to listen on. */
  constructor(private readonly host: string) {}

  /**
   * Answers only names that an attacker cannot point to this machine: with such a name (DNS rebinding) the pages would
   * belong to the attacker's origin.
   * @throws SandboxError 403 `HOST_NOT_ALLOWED`.
   */
  checkHost(request: SandboxRequest): void {
    const hostname = hostnameOf(request.header('host') ?? '');
    if (hostname !== '' && (isLoopback(hostname) || this.listensOn(hostname))) return;
    throw new SandboxError(
      'HOST_NOT_ALLOWED',
      'The pages of the sandbox are only served under localhost, or under the host that it listens on.',
      { httpStatus: 403 },
    );
  }

  /** @throws SandboxError 403 `CROSS_ORIGIN` for a request from another origin's page. */
  checkOrigin(request: SandboxRequest): void {
    const site = request.header('sec-fetch-site') ?? 'same-origin';
    const origin = request.header('origin');
    const sameOrigin = origin === undefined || hostOf(origin) === request.header('host');
    if (site === 'same-origin' && sameOrigin) return;
    throw new SandboxError('CROSS_ORIGIN', 'Another site’s page may not do this.', {
      httpStatus: 403,
    });
  }

  /** @throws SandboxError 403 `CONSOLE_TOKEN_INVALID`. */
  checkToken(token: string | null): void {
    const given = Buffer.from(token ?? '');
    const wanted = Buffer.from(this.token);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    throw new SandboxError(
      'CONSOLE_TOKEN_INVALID',
      'This page belongs to an earlier sandbox: load it again.',
      { httpStatus: 403 },
    );
  }

  private listensOn(hostname: string): boolean {
    // Addresses are safe: an attacker cannot point them elsewhere.
    if (EVERY_ADDRESS.has(this.host)) return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    return hostname === hostnameOf(isIP(this.host) === 6 ? `[${this.host}]` : this.host);
  }
}

/** Without the port, as a URL spells it; empty when it is not a host. */
function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
