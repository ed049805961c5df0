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

/** An agent that logs in over HTTP, for end-to-end tests and demos. It tries each call once. */
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

  private async call(
    path: string,
    { signal, body }: { signal?: AbortSignal | undefined; body?: object },
  ): Promise<Record<string, unknown>> {
    const { status, envelope } = await this.fetch(path, {
      redirect: 'error',
      ...(signal && { signal }),
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-agent-token': this.agentToken },
        body: JSON.stringify(body),
      }),
    });
    if (envelope.ok === true && envelope.data) return envelope.data;
    const {
      code = 'SANDBOX_AGENT_FAILED',
      message = `LIME answered ${status} without an envelope`,
    } = envelope.error ?? {};
    throw new SandboxError(code, message, { httpStatus: status });
  }

  private async fetch(
    path: string,
    init: RequestInit,
  ): Promise<{ status: number; envelope: Envelope }> {
    try {
      const response = await fetch(this.baseUrl + path, init);
      const envelope = ((await response.json()) ?? {}) as Envelope;
      return { status: response.status, envelope };
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new SandboxError(
        'SANDBOX_AGENT_FAILED',
        `LIME did not answer ${path} in its envelope.`,
        {
          cause,
        },
      );
    }
  }
}

interface Envelope {
  readonly ok?: boolean;
  readonly data?: Record<string, unknown>;
  readonly error?: { readonly code?: string; readonly message?: string };
}
