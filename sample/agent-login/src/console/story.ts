import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export type Teller = 'LIME' | 'site' | 'agent';

const STYLES: Record<Teller, Style> = { LIME: 'yellow', site: 'cyan', agent: 'magenta' };

/** Tells on the console what happens: when (since the start of the process), who, what. */
export class Story {
  readonly coloured = process.stdout.isTTY && !process.env['NO_COLOR'];

  title(text: string): void {
    this.print(`\n${this.paint('bold', text)}\n`);
  }

  tell(who: Teller, text: string): void {
    const seconds = (performance.now() / 1000).toFixed(2).padStart(7);
    this.print(
      `${this.paint('dim', `${seconds} s`)}  ${this.paint(STYLES[who], who.padEnd(5))}  ${text}`,
    );
  }

  /** A finding that belongs to the line before. */
  detail(name: string, value: string): void {
    this.print(`${' '.repeat(20)}${this.paint('dim', name.padEnd(16))}  ${value}`);
  }

  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  private paint(style: Style, text: string): string {
    return this.coloured ? styleText(style, text) : text;
  }
}
