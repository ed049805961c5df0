import { ConsoleLogger } from '@nestjs/common';
import type { Story } from './story.js';

/** Nest's own start-up lines stay out of the story; what these tell belongs to it. */
const TOLD = new Set(['AgentLogins', 'LimeSiteService']);

/** What Nest logs before it throws the same error: `explain()` says it in one sentence. */
const EXPLAINED = new Set(['NestApplication', 'ExceptionHandler']);

/** Puts what the site logs into the story. Errors look as usual. */
export class StoryLogger extends ConsoleLogger {
  constructor(private readonly story: Story) {
    super({ logLevels: ['log', 'warn', 'error', 'fatal'], colors: story.coloured });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (TOLD.has(String(rest.at(-1)))) this.story.tell('site', String(message));
  }

  override warn(message: unknown): void {
    this.story.tell('site', `Warning: ${String(message)}`);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!EXPLAINED.has(String(rest.at(-1)))) super.error(message, ...rest);
  }
}
