import type { LimeSandbox } from 'nestjs-lime-sites/testing';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body, when it is JSON. */
  body: { ok?: boolean; data: Record<string, unknown>; error: Record<string, unknown> };
}

export interface CallOptions {
  method?: string;
  token?: string | null;
  agentToken?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls the sandbox over HTTP, as a site or an agent. */
export class SiteClient {
  constructor(private readonly lime: LimeSandbox) {}

  create(options: CallOptions = {}): Promise<Reply> {
    return this.call('/modules/agent-login/requests', { method: 'POST', body: {}, ...options });
  }

  async createId(): Promise<string> {
    return String((await this.create()).body.data['login_request_id']);
  }

  bind(redirectUri: unknown, options: CallOptions = {}): Promise<Reply> {
    const body = { redirect_uri: redirectUri };
    return this.call('/modules/bindings/requests', { method: 'POST', body, ...options });
  }

  exchange(code: unknown, options: CallOptions = {}): Promise<Reply> {
    const body = { binding_code: code };
    return this.call('/modules/bindings/exchange', { method: 'POST', body, ...options });
  }

  status(id: string, options: CallOptions = {}): Promise<Reply> {
    return this.call(`/modules/agent-login/requests/${id}`, options);
  }

  approve(id: string, body: unknown, agentToken?: string): Promise<Reply> {
    return this.call(`/modules/agent-login/requests/${id}/approve`, {
      method: 'POST',
      token: null,
      body,
      ...(agentToken !== undefined && { agentToken }),
    });
  }

  jwks(): Promise<Reply> {
    return this.call('/core/.well-known/jwks.json', { token: null });
  }

  /** Path relative to the base URL. `token: null` sends no token. A string as body is sent unchanged. */
  async call(path: string, options: CallOptions = {}): Promise<Reply> {
    const { method = 'GET', token = this.lime.siteToken, agentToken, body, headers } = options;
    const response = await fetch(this.lime.baseUrl + path, {
      method,
      headers: {
        ...(token !== null && { 'x-site-token': token }),
        ...(agentToken !== undefined && { 'x-agent-token': agentToken }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      redirect: 'manual',
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json');
    const parsed = (json ? JSON.parse(text) : {}) as Reply['body'];
    return { status: response.status, headers: response.headers, text, body: parsed };
  }
}
