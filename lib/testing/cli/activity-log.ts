import { styleText } from 'node:util';
import { type ActivityTone, activityLine, clockTime } from '../activity-line.js';
import type { SandboxActivity } from '../activity.js';

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<ActivityTone, Style>> = {
  news: 'cyan',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  change: 'magenta',
};

/** The output of the log: a standard stream, or an object of a test. */
export interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Writes each activity of the sandbox as one line. */
export class ActivityLog {
  private readonly coloured: boolean;

  constructor(
    private readonly output: LogOutput,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.coloured = output.isTTY === true && !env['NO_COLOR'];
  }

  add(activity: SandboxActivity): void {
    const { tone, text } = activityLine(activity);
    this.line(STYLES[tone], text, activity.at);
  }

  line(style: Style, text: string, at = new Date()): void {
    this.output.write(`${this.paint('dim', clockTime(at))}  ${this.paint(style, text)}\n`);
  }

  private paint(style: Style, text: string): string {
    return this.coloured ? styleText(style, text, { validateStream: false }) : text;
  }
}
