import type { Clock } from '../common/clock.js';
import type { BindingCodeFault } from './bindings.js';

/** An event in the sandbox, for a console or a demo. Contains neither a token nor a passport nor a whole code. */
export type SandboxActivity = { readonly at: Date } & SandboxActivityDetail;

/** An activity without its time. */
export type SandboxActivityDetail =
  | { readonly kind: 'request-created'; readonly requestId: string; readonly expiresAt: Date }
  | {
      readonly kind: 'approved';
      readonly requestId: string;
      readonly agentId: string;
      readonly agentName: string;
    }
  | { readonly kind: 'expired'; readonly requestId: string }
  /** The sandbox sent an event to this number of open streams. 0: no stream was open, and the event is lost. */
  | { readonly kind: 'delivered'; readonly requestId: string; readonly streams: number }
  /** A fault dropped an event; see `faults.loseEvents()`. */
  | { readonly kind: 'dropped'; readonly requestId: string }
  | { readonly kind: 'stream-opened'; readonly openStreams: number }
  | { readonly kind: 'stream-closed'; readonly openStreams: number }
  | { readonly kind: 'binding-created'; readonly bindingId: string; readonly connectUrl: string }
  | {
      readonly kind: 'binding-completed';
      readonly bindingId: string;
      readonly agentId: string;
      readonly agentName: string;
      /** The first characters of the binding code; undefined where the callback carries the passport. */
      readonly codeStart?: string;
    }
  | { readonly kind: 'binding-declined'; readonly bindingId: string }
  | {
      readonly kind: 'code-exchanged';
      readonly bindingId: string;
      readonly codeStart: string;
    }
  | {
      readonly kind: 'code-refused';
      readonly codeStart: string;
      readonly reason: BindingCodeFault;
    }
  | { readonly kind: 'binding-expired'; readonly bindingId: string }
  | { readonly kind: 'agent-added'; readonly agentId: string; readonly agentName: string }
  | {
      readonly kind: 'mcp-token-issued';
      readonly agentId: string;
      readonly agentName: string;
      /** The MCP server that accepts the token. */
      readonly domain: string;
    }
  | { readonly kind: 'keys-rotated'; readonly kid: string; readonly keptOld: boolean }
  | { readonly kind: 'site-suspended' }
  | { readonly kind: 'site-reinstated' };

/** Receives each activity synchronously and in order. It must not throw. */
export type SandboxActivityListener = (activity: SandboxActivity) => void;

/** Emits activities to listeners. */
export class ActivityFeed {
  private readonly listeners = new Set<SandboxActivityListener>();

  constructor(private readonly clock: Clock) {}

  subscribe(listener: SandboxActivityListener): () => void {
    // A wrapper, so that a function subscribed twice is two subscriptions.
    const entry: SandboxActivityListener = (activity) => listener(activity);
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  emit(detail: SandboxActivityDetail): void {
    if (this.listeners.size === 0) return;
    const activity = { at: new Date(this.clock.now()), ...detail };
    for (const listener of this.listeners) {
      try {
        listener(activity);
      } catch (error) {
        // A listener must not disturb the platform.
        process.emitWarning(`A LimeSandbox activity listener failed: ${String(error)}`);
      }
    }
  }
}
