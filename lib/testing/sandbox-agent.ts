import { GENERATIONS, type SandboxPlatform } from './generations.js';
import { type ProofOfWorkVersion, solveProofOfWork } from './proof-of-work.js';
import { SandboxError } from './sandbox-error.js';

/** The platform and the token of an agent. A `LimeSandbox` has these fields. */
export interface SandboxAgentOptions {
  /** The base URL of the API, for example `lime.baseUrl`. */
  baseUrl: string;
  agentToken: string;
  /** The generation of LIME, which determines the proof of work. @default '2026-09' */
  platform?: SandboxPlatform;
}

/** A login that an agent approved. */
export interface SandboxAgentApproval {
  requestId: string;
  /** `DELIVERED` when an open event stream of the site took the passport, else `APPROVED`. */
  status: string;
  siteId: string;
  expiresAt: Date;
  approvedAgentId: string;
  /** The nonce that solved the proof of work, and how many hashes that took. */
  nonce: string;
  attempts: number;
}

/** An agent that logs in, and gets tokens for MCP servers, over HTTP: for end-to-end tests and demos. It tries each call once. */
export class SandboxAgent {
  private readonly baseUrl: string;
  private readonly agentToken: string;
  private readonly version: ProofOfWorkVersion;

  constructor({ baseUrl, agentToken, platform = '2026-09' }: SandboxAgentOptions) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.agentToken = agentToken;
    this.version = GENERATIONS[platform].proofOfWork;
  }

  /**
   * Fetches the challenge of a login request, solves it and approves the request.
   * @throws SandboxError with the code of the platform's refusal, or `SANDBOX_AGENT_FAILED` when the platform does not
   * answer, or not in its envelope.
   */
  async login(
    requestId: string,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<SandboxAgentApproval> {
    const id = encodeURIComponent(requestId);
    const challenge = await this.call(`/auth/requests/${id}`, { signal });
    const { nonce, attempts } = await solveProofOfWork(
      String(challenge['pow_challenge']),
      Number(challenge['pow_difficulty']),
      { version: this.version, signal },
    );
    const approval = await this.call(`/modules/agent-login/requests/${id}/approve`, {
      signal,
      body: { pow_nonce: nonce },
    });
    return {
      requestId: String(approval['request_id']),
      status: String(approval['status']),
      siteId: String(approval['site_id']),
      expiresAt: new Date(String(approval['expires_at'])),
      approvedAgentId: String(approval['approved_agent_id']),
      nonce,
      attempts,
    };
  }

  /**
   * Gets an access token for an MCP server, as it goes into `Authorization: Bearer …`. It is valid for about five minutes.
   * @param domain the host of the server, in lower case and without a port.
   * @throws SandboxError as {@link login}; an OAuth error such as `access_denied` is its code.
   */
  async mcpToken(domain: string, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    const { status, body } = await this.fetch('/modules/oauth/token', { signal, body: { domain } });
    if (typeof body.access_token === 'string') return body.access_token;
    throw refusalIn(body, status);
  }

  private async call(path: string, options: CallOptions): Promise<Record<string, unknown>> {
    const { status, body } = await this.fetch(path, options);
    if (body.ok === true && body.data) return body.data;
    throw refusalIn(body, status);
  }

  private async fetch(
    path: string,
    { signal, body }: CallOptions,
  ): Promise<{ status: number; body: Answer }> {
    try {
      const response = await fetch(this.baseUrl + path, {
        redirect: 'error',
        ...(signal && { signal }),
        ...(body && {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-agent-token': this.agentToken },
          body: JSON.stringify(body),
        }),
      });
      const answer = (await response.json()) as Answer | null;
      return { status: response.status, body: answer ?? {} };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new SandboxError(
        'SANDBOX_AGENT_FAILED',
        `LIME did not answer ${path} in its envelope.`,
        { cause },
      );
    }
  }
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Makes the call a POST. */
  readonly body?: object;
}

/** The envelope, or an answer of OAuth (RFC 6749 section 5). */
interface Answer {
  readonly ok?: boolean;
  readonly data?: Record<string, unknown>;
  readonly error?: { readonly code?: string; readonly message?: string } | string;
  readonly error_description?: string;
  readonly access_token?: unknown;
}

function refusalIn({ error, error_description }: Answer, httpStatus: number): SandboxError {
  const refusal =
    typeof error === 'string' ? { code: error, message: error_description } : (error ?? {});
  const {
    code = 'SANDBOX_AGENT_FAILED',
    message = `LIME answered ${httpStatus} without an envelope`,
  } = refusal;
  return new SandboxError(code, message, { httpStatus });
}
