import { Logger } from '@nestjs/common';
import { redact, stackOf } from '../errors/index.js';

/** The logger of the code below the Nest layer. */
export interface LimeLogger {
  /** Details for debugging. */
  debug(message: string): void;
  /** Changes of a lifecycle. */
  log(message: string): void;
  /** A fault that heals or that affects one login. */
  warn(message: string): void;
  /**
   * A fault that needs an operator.
   * @param thrown the thrown value, of any type; logged with its stack.
   */
  error(message: string, ...thrown: [error?: unknown]): void;
}

/** LIME's part of a line can be as long as a frame. */
const MAX_LINE_LENGTH = 500;

/** Creates a logger that writes to Nest's and redacts each line: none shows a site token or a whole passport. */
export function createLimeLogger(context: string, secrets: readonly string[]): LimeLogger {
  const logger = new Logger(context);
  const line = (text: string) => truncate(redact(text, secrets));
  return {
    debug: (message) => guarded(() => logger.debug(line(message))),
    log: (message) => guarded(() => logger.log(line(message))),
    warn: (message) => guarded(() => logger.warn(line(message))),
    error: (message, ...thrown) =>
      guarded(() => {
        if (thrown.length === 0) logger.error(line(message));
        else logger.error(line(message), redact(stackOf(thrown[0]), secrets));
      }),
  };
}

/** The application's logger may throw, which must not cost a login. */
function guarded(write: () => void): void {
  try {
    write();
  } catch {
    // There is no other place to report it to.
  }
}

/** Runs after the redaction, which would not recognise a truncated secret. */
function truncate(text: string): string {
  return text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)}…` : text;
}
