import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LimeSandbox } from '../lime-sandbox.js';
import { SandboxAgent } from '../sandbox-agent.js';

/**
 * Approves each new login request after a while, over HTTP and with proof of work, as a real agent would, until the
 * signal aborts.
 */
export function approveAutomatically(
  lime: LimeSandbox,
  delayMs: number,
  signal: AbortSignal,
  onFailure: (requestId: string, error: unknown) => void,
): void {
  const agent = new SandboxAgent(lime);
  // One listener for each request that waits.
  setMaxListeners(0, signal);
  const approve = async (requestId: string) => {
    try {
      await sleep(delayMs, undefined, { signal });
      await agent.login(requestId, { signal });
    } catch (error) {
      if (!signal.aborted) onFailure(requestId, error);
    }
  };
  lime.onActivity((activity) => {
    if (activity.kind === 'request-created') void approve(activity.requestId);
  });
}
