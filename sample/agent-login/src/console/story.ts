import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export type Teller = 'LIME' | 'site' | 'agent';

const STYLES: Record<Teller, Style> = { LIME: 'yellow', site: 'cyan', agent: 'magenta' };

/** Tells on the console what happens: when (since the start), who, what. In colours on a terminal only. */
export class Story {
  readonly coloured: boolean;
  private readonly startedAt = performance.now();

  constructor(private readonly output: NodeJS.WriteStream) {
    this.coloured = output.isTTY && !process.env['NO_COLOR'];
  }

  title(text: string): void {
    this.print(`\n${this.paint('bold', text)}\n`);
  }

  tell(who: Teller, text: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(2).padStart(7);
    const name = this.paint(STYLES[who], who.padEnd(5));
    this.print(`${this.paint('dim', `${seconds} s`)}  ${name}  ${text}`);
  }

  /** A finding that belongs to the line before. */
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
