import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export type Actor = 'LIME' | 'site' | 'agent';

const STYLES: Record<Actor, Style> = { LIME: 'yellow', site: 'cyan', agent: 'magenta' };

/** Writes events to the console: the time since the start, the actor, the event. In colours on a terminal only. */
export class Story {
  readonly coloured: boolean;
  private readonly startedAt = performance.now();

  constructor(private readonly output: NodeJS.WriteStream) {
    this.coloured = output.isTTY && !process.env['NO_COLOR'];
  }

  title(text: string): void {
    this.print(`\n${this.paint('bold', text)}\n`);
  }

  add(who: Actor, text: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(2).padStart(7);
    const name = this.paint(STYLES[who], who.padEnd(5));
    this.print(`${this.paint('dim', `${seconds} s`)}  ${name}  ${text}`);
  }

  /** A detail of the line before. */
  detail(name: string, value: string): void {
    this.print(`${' '.repeat(18)}${this.paint('dim', name.padEnd(16))}  ${value}`);
  }

  print(text: string): void {
    this.output.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.coloured ? styleText(style, text, { validateStream: false }) : text;
  }
}
