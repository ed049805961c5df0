import type { IncomingMessage } from 'node:http';

/** The calls that the sandbox counts, and that faults can apply to. */
export type SandboxTarget =
  | 'create'
  | 'status'
  | 'events'
  | 'jwks'
  | 'binding'
  | 'exchange'
  | 'approve'
  | 'challenge'
  | 'profile'
  | 'token'
  | 'metadata';

/** One HTTP request that the sandbox received. */
export interface SandboxCall {
  readonly method: string;
  /** Without query, and relative to the base URL; the whole path of a page outside of it (`/`, `/connect/…`). */
  readonly path: string;
  /** Undefined for pages, unknown paths and wrong methods. */
  readonly target?: SandboxTarget;
  /** By lower-case name. `[present]` replaces the value of a header that carries a secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request had an `X-Site-Token`, right or wrong. */
  readonly siteToken: boolean;
  /** Whether the request had an `X-Agent-Token`, right or wrong. */
  readonly agentToken: boolean;
  readonly at: Date;
}

const SECRET_HEADERS = new Set(['x-site-token', 'x-agent-token', 'authorization', 'cookie']);

/** The log's record of a request. */
export function callOf(
  request: IncomingMessage,
  path: string,
  target?: SandboxTarget,
): SandboxCall {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = SECRET_HEADERS.has(name) ? '[present]' : String(value);
  }
  return {
    method: request.method ?? '',
    path,
    ...(target && { target }),
    headers,
    siteToken: 'x-site-token' in headers,
    agentToken: 'x-agent-token' in headers,
    at: new Date(),
  };
}

const REMEMBERED = 10_000;

/** The last requests received, and the number of all requests of each kind. */
export class CallLog {
  private readonly counts = new Map<SandboxTarget, number>();
  private calls: SandboxCall[] = [];

  add(call: SandboxCall): void {
    this.calls.push(call);
    if (this.calls.length >= 2 * REMEMBERED) this.calls = this.calls.slice(-REMEMBERED);
    if (call.target) this.counts.set(call.target, this.count(call.target) + 1);
  }

  last(): readonly SandboxCall[] {
    return this.calls.slice(-REMEMBERED);
  }

  count(target: SandboxTarget): number {
    return this.counts.get(target) ?? 0;
  }
}
