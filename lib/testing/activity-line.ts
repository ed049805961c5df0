import type { SandboxActivity } from './activity.js';

/** The tone of a line. The console and the command choose its colour. */
export type ActivityTone = 'news' | 'good' | 'warning' | 'bad' | 'change';

/** One activity as a line of text. */
export interface ActivityLine {
  readonly tone: ActivityTone;
  readonly text: string;
}

export function activityLine(activity: SandboxActivity): ActivityLine {
  switch (activity.kind) {
    case 'request-created':
      return line(
        'news',
        `login request ${activity.requestId} created, expires ${clockTime(activity.expiresAt)}`,
      );
    case 'approved':
      return line('good', `login request ${activity.requestId} approved by ${activity.agentName}`);
    case 'expired':
      return line('warning', `login request ${activity.requestId} expired`);
    case 'delivered':
      return activity.streams === 0
        ? line('bad', `no stream open for ${activity.requestId}: the event is lost`)
        : line('good', `event for ${activity.requestId} sent to ${streams(activity.streams)}`);
    case 'dropped':
      return line('bad', `event for ${activity.requestId} dropped by a fault`);
    case 'stream-opened':
      return line('news', `event stream opened, ${streams(activity.openStreams)} open`);
    case 'stream-closed':
      return line('warning', `event stream closed, ${streams(activity.openStreams)} open`);
    case 'binding-created':
      return line('news', `binding request created, connect at ${activity.connectUrl}`);
    case 'binding-completed':
      return line(
        'good',
        `binding ${activity.bindingId} completed by ${activity.agentName}${issued(activity.codeStart)}`,
      );
    case 'binding-declined':
      return line('warning', `binding ${activity.bindingId} declined`);
    case 'code-exchanged':
      return line('good', `code ${activity.codeStart}… of binding ${activity.bindingId} exchanged`);
    case 'code-refused':
      return line('bad', `code ${activity.codeStart}… refused: ${activity.reason}`);
    case 'binding-expired':
      return line('warning', `binding ${activity.bindingId} expired`);
    case 'agent-added':
      return line('change', `agent ${activity.agentName} added`);
    case 'mcp-token-issued':
      return line('good', `MCP token for ${activity.domain} issued to ${activity.agentName}`);
    case 'keys-rotated':
      return line(
        'change',
        `now signing with key ${activity.kid}, old keys ${activity.keptOld ? 'kept' : 'withdrawn'}`,
      );
    case 'site-suspended':
      return line('bad', 'site suspended');
    case 'site-reinstated':
      return line('good', 'site reinstated');
  }
}

/** `14:03:22` */
export function clockTime(time: Date): string {
  return time.toTimeString().slice(0, 8);
}

function line(tone: ActivityTone, text: string): ActivityLine {
  return { tone, text };
}

function issued(codeStart: string | undefined): string {
  return codeStart === undefined ? '' : `, code ${codeStart}… issued`;
}

function streams(count: number): string {
  return count === 1 ? '1 stream' : `${count} streams`;
}
