import type { IncomingMessage } from 'node:http';

/** The calls that faults can be set on and that are counted. */
export type SandboxTarget =
  | 'create'
  | 'status'
  | 'events'
  | 'jwks'
  | 'binding'
  | 'exchange'
  | 'approve'
  | 'challenge'
  | 'profile';

/** One HTTP request that the sandbox received. */
export interface SandboxCall {
  readonly method: string;
  /** Relative to the base URL, without query; the whole path of what lies outside it (`/`, `/connect/…`). */
  readonly path: string;
  /** Undefined for pages, unknown paths and wrong methods. */
  readonly target?: SandboxTarget;
  /** By lower-case name; the values of headers that carry a secret read `[present]`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an `X-Site-Token` came, right or wrong. */
  readonly siteToken: boolean;
  /** Whether an `X-Agent-Token` came, right or wrong. */
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

/** The last requests received, and how many there ever were of each kind. */
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
