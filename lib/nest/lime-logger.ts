import { inspect, types } from 'node:util';
import { Logger } from '@nestjs/common';
import { redact } from '../errors/index.js';
import type { LimeLogger } from '../ports/index.js';

/** Nest's logger, behind a filter: no line ever shows the site token or a whole passport. */
export function createLimeLogger(context: string, secrets: readonly string[]): LimeLogger {
  const logger = new Logger(context);
  const clean = (text: string) => redact(text, secrets);
  return {
    debug: (message) => logger.debug(clean(message)),
    log: (message) => logger.log(clean(message)),
    warn: (message) => logger.warn(clean(message)),
    error: (message, ...thrown) => {
      if (thrown.length === 0) return logger.error(clean(message));
      const [error] = thrown;
      const stack = types.isNativeError(error)
        ? (error.stack ?? error.message)
        : `threw ${inspect(error)}`;
      logger.error(clean(message), clean(stack));
    },
  };
}
