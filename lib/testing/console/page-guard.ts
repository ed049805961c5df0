import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback } from '../redirect-uri.js';
import { SandboxError } from '../sandbox-error.js';
import type { SandboxRequest } from '../sandbox-request.js';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Protects the pages of the sandbox from those of other sites in the same browser. */
export class PageGuard {
  /** Only the pages of the sandbox carry it. */
  readonly token = randomBytes(24).toString('base64url');

  /** @param host the address to listen on. */
  constructor(private readonly host: string) {}

  /**
   * Refuses host names that an attacker can point to this machine (DNS rebinding): under such a name the pages would
   * belong to the attacker's origin.
   * @throws SandboxError 403 `HOST_NOT_ALLOWED`.
   */
  checkHost(request: SandboxRequest): void {
    const hostname = hostnameOf(request.header('host') ?? '');
    if (hostname !== '' && (isLoopback(hostname) || this.listensOn(hostname))) return;
    throw new SandboxError(
      'HOST_NOT_ALLOWED',
      'The sandbox serves its pages only under localhost, or under the host that it listens on.',
      { httpStatus: 403 },
    );
  }

  /** @throws SandboxError 403 `CROSS_ORIGIN` for a request from another origin's page. */
  checkOrigin(request: SandboxRequest): void {
    const site = request.header('sec-fetch-site') ?? 'same-origin';
    const origin = request.header('origin');
    const sameOrigin = origin === undefined || hostOf(origin) === request.header('host');
    if (site === 'same-origin' && sameOrigin) return;
    throw new SandboxError('CROSS_ORIGIN', 'Pages of other sites may not do this.', {
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
      'This page belongs to an earlier sandbox. Reload it.',
      { httpStatus: 403 },
    );
  }

  private listensOn(hostname: string): boolean {
    // Addresses are safe: DNS does not resolve them.
    if (EVERY_ADDRESS.has(this.host)) return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    return hostname === hostnameOf(isIP(this.host) === 6 ? `[${this.host}]` : this.host);
  }
}

/** The host name in the spelling of a URL, without the port; empty if it is not valid. */
function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
