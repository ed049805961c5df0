import { LimeError } from '../errors/index.js';
import type { ApiClient } from './api-client.js';
import { RETRY_BINDING, RETRY_EXCHANGE, RETRY_LOGIN } from './retry-policy.js';
import type { BindingRequestResult, LoginRequestResult } from '../interfaces/requests.interface.js';

const LOGIN_REQUESTS = '/modules/agent-login/requests';
const BINDING_REQUESTS = '/modules/bindings/requests';
const BINDING_EXCHANGE = '/modules/bindings/exchange';

/** The site calls of LIME, typed. */
export class LimeApi {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** `POST /modules/agent-login/requests` */
  async createLoginRequest(): Promise<LoginRequestResult> {
    const options = { retry: RETRY_LOGIN, idempotencyKey: true };
    const fields = await this.#client.post(LOGIN_REQUESTS, {}, options);
    return {
      requestId: fields.text('login_request_id'),
      status: fields.text('status'),
      expiresAt: fields.date('expires_at'),
    };
  }

  /**
   * `GET /modules/agent-login/requests/{id}`
   * @returns the status now; `expiresAt` only if the platform repeats it, which is not known.
   */
  async getLoginRequest(
    requestId: string,
  ): Promise<Pick<LoginRequestResult, 'status'> & { expiresAt: Date | undefined }> {
    const path = `${LOGIN_REQUESTS}/${pathSegment(requestId)}`;
    const fields = await this.#client.get(path, `${LOGIN_REQUESTS}/{id}`);
    return {
      status: fields.text('status'),
      expiresAt: fields.has('expires_at') ? fields.date('expires_at') : undefined,
    };
  }

  /** `POST /modules/bindings/requests` */
  async createBindingRequest(redirectUri: string): Promise<BindingRequestResult> {
    assertAbsoluteUrl(redirectUri);
    const body = { redirect_uri: redirectUri };
    const options = { retry: RETRY_BINDING, idempotencyKey: true };
    const fields = await this.#client.post(BINDING_REQUESTS, body, options);
    return {
      bindingId: fields.text('binding_id'),
      connectUrl: fields.text('connect_url'),
      status: fields.text('status'),
      expiresAt: fields.date('expires_at'),
    };
  }

  /**
   * `POST /modules/bindings/exchange`
   * @returns the binding passport, not verified.
   */
  async exchangeBindingCode(code: string): Promise<string> {
    const options = { retry: RETRY_EXCHANGE, secrets: [code] };
    const fields = await this.#client.post(BINDING_EXCHANGE, { binding_code: code }, options);
    return fields.text('passport');
  }
}

function pathSegment(requestId: unknown): string {
  try {
    if (typeof requestId === 'string' && requestId.trim() !== '')
      return encodeURIComponent(requestId);
  } catch {
    // Half a surrogate pair: no request has such an id.
  }
  throw new LimeError(
    'INVALID_ARGUMENT',
    'requestId must be a non-empty string: pass the requestId that createLoginRequest() gave you',
  );
}

function assertAbsoluteUrl(redirectUri: string): void {
  const protocol = URL.canParse(redirectUri) ? new URL(redirectUri).protocol : undefined;
  if (protocol === 'https:' || protocol === 'http:') return;
  throw new LimeError(
    'INVALID_ARGUMENT',
    'redirectUri must be an absolute URL such as https://your.app/bind/callback, ' +
      `got ${JSON.stringify(redirectUri)}`,
    { detail: { field: 'redirectUri', actual: redirectUri } },
  );
}
