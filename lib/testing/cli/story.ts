import { styleText } from 'node:util';
import type { SandboxActivity } from '../sandbox-activity.js';

type Style = Parameters<typeof styleText>[0];

/** Where lines go: a standard stream, or a stand-in. */
export interface StoryOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Tells what happens in the sandbox, one short line each. */
export class Story {
  private readonly coloured: boolean;

  constructor(
    private readonly output: StoryOutput,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.coloured = output.isTTY === true && !env['NO_COLOR'];
  }

  tell(activity: SandboxActivity): void {
    const [style, text] = lineOf(activity);
    this.line(style, text, activity.at);
  }

  line(style: Style, text: string, at = new Date()): void {
    this.output.write(`${this.paint('dim', clock(at))}  ${this.paint(style, text)}\n`);
  }

  private paint(style: Style, text: string): string {
    return this.coloured ? styleText(style, text, { validateStream: false }) : text;
  }
}

function lineOf(activity: SandboxActivity): [Style, string] {
  switch (activity.kind) {
    case 'request-created':
      return [
        'cyan',
        `login request ${activity.requestId} created, expires ${clock(activity.expiresAt)}`,
      ];
    case 'approved':
      return ['green', `login request ${activity.requestId} approved by ${activity.agentName}`];
    case 'expired':
      return ['yellow', `login request ${activity.requestId} expired`];
    case 'delivered':
      return activity.streams === 0
        ? ['red', `nobody was listening for ${activity.requestId}: the event is lost`]
        : ['green', `event for ${activity.requestId} sent to ${streams(activity.streams)}`];
    case 'swallowed':
      return ['red', `event for ${activity.requestId} swallowed on purpose`];
    case 'stream-opened':
      return ['cyan', `event stream opened, ${streams(activity.openStreams)} open`];
    case 'stream-closed':
      return ['yellow', `event stream closed, ${streams(activity.openStreams)} open`];
    case 'binding-created':
      return ['cyan', `binding request created, connect at ${activity.connectUrl}`];
    case 'binding-completed':
      return ['green', `binding ${activity.bindingId} completed by ${activity.agentName}`];
    case 'binding-expired':
      return ['yellow', `binding ${activity.bindingId} expired`];
    case 'keys-rotated':
      return [
        'magenta',
        `now signing with key ${activity.kid}, old keys ${activity.keptOld ? 'kept' : 'withdrawn'}`,
      ];
    case 'site-suspended':
      return ['red', 'site suspended'];
    case 'site-reinstated':
      return ['green', 'site reinstated'];
  }
}

function streams(count: number): string {
  return count === 1 ? '1 stream' : `${count} streams`;
}

function clock(time: Date): string {
  return time.toTimeString().slice(0, 8);
}
