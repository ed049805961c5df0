import { document, success } from './answer.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import type { Platform } from './platform.js';
import { parseRedirectUri } from './redirect-uri.js';
import type { Route } from './route-table.js';
import { SandboxError } from './sandbox-error.js';
import type { SandboxRequest } from './sandbox-request.js';

/** The calls that a site backend makes. `prefix` is the path of the base URL. */
export function siteRoutes(platform: Platform, prefix: string): Route[] {
  const logins = new IdempotencyKeys<string>();
  const bindings = new IdempotencyKeys<string>();

  return [
    {
      method: 'POST',
      path: `${prefix}/modules/agent-login/requests`,
      target: 'create',
      handle(request) {
        authenticateSite(platform, request);
        platform.limiter.take();
        request.json();
        const id = logins.once(request, () => platform.createLoginRequest().requestId);
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
    {
      method: 'POST',
      path: `${prefix}/modules/bindings/requests`,
      target: 'binding',
      handle(request) {
        authenticateSite(platform, request);
        platform.limiter.take();
        const redirectUri = parseRedirectUri(request.json()['redirect_uri']);
        const id = bindings.once(request, () => platform.createBinding(redirectUri).bindingId);
        return success(bindingData(platform, id), 201);
      },
    },
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

function authenticateSite(platform: Platform, request: SandboxRequest): void {
  const token = request.header('x-site-token');
  if (token === undefined) {
    throw new SandboxError('SITE_TOKEN_MISSING', 'The X-Site-Token header is missing.', {
      httpStatus: 401,
    });
  }
  if (token !== platform.options.siteToken) {
    throw new SandboxError('SITE_TOKEN_INVALID', 'This site token is not known.', {
      httpStatus: 401,
    });
  }
  if (platform.suspended) {
    throw new SandboxError('SITE_SUSPENDED', 'This site is suspended.', { httpStatus: 403 });
  }
}

function loginRequestData(platform: Platform, id: string): object {
  const { requestId, status, expiresAt } = platform.requests.get(id);
  return {
    login_request_id: requestId,
    status,
    expires_at: new Date(expiresAt).toISOString(),
  };
}

function bindingData(platform: Platform, id: string): object {
  const { bindingId, connectUrl, status, expiresAt } = platform.bindings.get(id);
  return {
    binding_id: bindingId,
    connect_url: connectUrl,
    status,
    expires_at: new Date(expiresAt).toISOString(),
  };
}
