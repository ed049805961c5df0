import { inspect, types } from 'node:util';
import { Logger } from '@nestjs/common';
import { redact } from '../errors/index.js';
import type { LimeLogger } from './logger.js';

/** What a platform puts into a line can be as long as a frame. */
const MAX_LINE = 500;

/** Nest's logger, behind a filter: no line ever shows the site token or a whole passport. */
export function createLimeLogger(context: string, secrets: readonly string[]): LimeLogger {
  const logger = new Logger(context);
  const clean = (text: string) => redact(text, secrets);
  const line = (text: string) => cut(clean(text));
  return {
    debug: (message) => logger.debug(line(message)),
    log: (message) => logger.log(line(message)),
    warn: (message) => logger.warn(line(message)),
    error: (message, ...thrown) => {
      if (thrown.length === 0) return logger.error(line(message));
      const [error] = thrown;
      const stack = types.isNativeError(error)
        ? (error.stack ?? error.message)
        : `threw ${inspect(error)}`;
      logger.error(line(message), clean(stack));
    },
  };
}

/** After the redaction: half a secret is one too. */
function cut(text: string): string {
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}
