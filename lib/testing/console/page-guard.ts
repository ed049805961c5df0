import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback } from '../redirect-uri.js';
import { SandboxError } from '../sandbox-error.js';
import type { SandboxRequest } from '../sandbox-request.js';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Keeps other pages in the same browser from using those of the sandbox: it may well listen on localhost. */
export class PageGuard {
  /** The pages carry it, nobody else knows it. */
  readonly token = randomBytes(24).toString('base64url');

  /** @param host the address to listen on. */
  constructor(private readonly host: string) {}

  /**
   * A name that an attacker lets point to this machine (DNS rebinding) makes the pages those of the attacker's
   * origin; so only names that cannot be such a name are answered.
   * @throws SandboxError 403 `HOST_NOT_ALLOWED`.
   */
  checkHost(request: SandboxRequest): void {
    const hostname = hostnameOf(request.header('host') ?? '');
    if (hostname !== '' && (isLoopback(hostname) || this.listensOn(hostname))) return;
    throw new SandboxError(
      'HOST_NOT_ALLOWED',
      'The pages of the sandbox are only served under localhost, or under the host it was told to listen on.',
      { httpStatus: 403 },
    );
  }

  /** @throws SandboxError 403 `CROSS_ORIGIN` for what another origin's page sent. */
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
      'This page belongs to a sandbox that is gone: load it again.',
      { httpStatus: 403 },
    );
  }

  private listensOn(hostname: string): boolean {
    // An address is no name: it cannot be made to point elsewhere.
    if (EVERY_ADDRESS.has(this.host)) return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    return hostname === hostnameOf(isIP(this.host) === 6 ? `[${this.host}]` : this.host);
  }
}

/** Without the port, as a URL spells it; empty when it is no host. */
function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
