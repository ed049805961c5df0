import { document, success } from './answer.js';
import type { Platform } from './platform.js';
import { parseRedirectUri } from './redirect-uri.js';
import { refusal } from './refusals.js';
import type { Route } from './route-table.js';
import type { SandboxRequest } from './sandbox-request.js';

/** The calls of a site backend. `prefix` is the path of the base URL. */
export function siteRoutes(platform: Platform, prefix: string): Route[] {
  const logins = new IdempotencyKeys();

  return [
    {
      method: 'POST',
      path: `${prefix}/modules/agent-login/requests`,
      target: 'create',
      handle(request) {
        authenticateSite(platform, request);
        platform.limiter.take();
        request.json();
        const id = logins.once(request, () => platform.createLoginRequest().id);
        return success(loginRequestData(platform, id), 201);
      },
    },
    {
      method: 'GET',
      path: `${prefix}/modules/agent-login/requests/:id`,
      target: 'status',
      handle(request) {
        authenticateSite(platform, request);
        return success(loginRequestData(platform, request.id));
      },
    },
    {
      method: 'GET',
      path: `${prefix}/modules/agent-login/events`,
      target: 'events',
      handle(request) {
        authenticateSite(platform, request);
        return (response) => platform.channel.open(response);
      },
    },
    ...bindingRoutes(platform, prefix),
    {
      method: 'GET',
      path: `${prefix}/core/.well-known/jwks.json`,
      target: 'jwks',
      handle() {
        const keys = platform.keys.document();
        return platform.options.jwks === 'raw' ? document(keys) : success(keys);
      },
    },
  ];
}

/** The binding calls of the generation. */
function bindingRoutes(platform: Platform, prefix: string): Route[] {
  const { bindings } = platform.generation;
  const made = new IdempotencyKeys();
  const creation: Route = {
    method: 'POST',
    path: `${prefix}/modules/bindings/requests`,
    target: 'binding',
    handle(request) {
      authenticateSite(platform, request);
      platform.limiter.take();
      const redirectUri = parseRedirectUri(request.json()['redirect_uri']);
      const id = made.once(request, () => platform.createBinding(redirectUri).id);
      return success(bindingData(platform, id), 201);
    },
  };
  const exchange: Route = {
    method: 'POST',
    path: `${prefix}/modules/bindings/exchange`,
    target: 'exchange',
    async handle(request) {
      authenticateSite(platform, request);
      const code = request.json()['binding_code'];
      if (typeof code !== 'string' || code === '') {
        throw refusal('VALIDATION_ERROR', 'binding_code must be a non-empty string.', {
          detail: { field: 'binding_code' },
        });
      }
      return success({ passport: await platform.exchangeBindingCode(code) });
    },
  };
  if (bindings === 'none') return [];
  return bindings === 'code' ? [creation, exchange] : [creation];
}

function authenticateSite(platform: Platform, request: SandboxRequest): void {
  const token = request.header('x-site-token');
  if (token === undefined) throw refusal('SITE_TOKEN_MISSING');
  if (token !== platform.options.siteToken) throw refusal('SITE_TOKEN_INVALID');
  if (platform.suspended) throw refusal('SITE_SUSPENDED');
}

function loginRequestData(platform: Platform, id: string): object {
  const { status, expiresAt } = platform.requests.get(id);
  return { login_request_id: id, status, expires_at: new Date(expiresAt).toISOString() };
}

function bindingData(platform: Platform, id: string): object {
  const { connectUrl, status, expiresAt } = platform.bindings.get(id);
  return {
    binding_id: id,
    connect_url: connectUrl,
    status,
    expires_at: new Date(expiresAt).toISOString(),
  };
}

/** Remembers the result of each create call with an `Idempotency-Key`: a repeated call gets the same one. */
class IdempotencyKeys {
  private readonly made = new Map<string, string>();

  once(request: SandboxRequest, make: () => string): string {
    const key = request.header('idempotency-key');
    if (key === undefined) return make();
    const before = this.made.get(key);
    if (before !== undefined) return before;
    const fresh = make();
    this.made.set(key, fresh);
    return fresh;
  }
}
