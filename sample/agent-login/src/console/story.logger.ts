import { ConsoleLogger } from '@nestjs/common';
import type { Story } from './story.js';

/** The contexts whose lines are part of the story. Nest's own start-up lines are not. */
const SHOWN = new Set(['AgentLogins', 'LimeSiteService']);

/** Nest logs these before it throws the same error, which `explain()` turns into one sentence. */
const EXPLAINED = new Set(['NestApplication', 'ExceptionHandler']);

/** Adds the site's log lines to the story. Errors keep their usual format. */
export class StoryLogger extends ConsoleLogger {
  constructor(private readonly story: Story) {
    super({ logLevels: ['log', 'warn', 'error', 'fatal'], colors: story.coloured });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (SHOWN.has(String(rest.at(-1)))) this.story.add('site', String(message));
  }

  override warn(message: unknown): void {
    this.story.add('site', `Warning: ${String(message)}`);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!EXPLAINED.has(String(rest.at(-1)))) super.error(message, ...rest);
  }
}
