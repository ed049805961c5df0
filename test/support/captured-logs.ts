import type { LoggerService } from '@nestjs/common';

export type LogLevel = 'debug' | 'log' | 'warn' | 'error';

export interface LogLine {
  readonly level: LogLevel;
  readonly context: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

/** A Nest logger that prints nothing and remembers every line. */
export class CapturedLogs implements LoggerService {
  readonly lines: LogLine[] = [];

  debug(message: unknown, context?: unknown): void {
    this.#add('debug', message, context);
  }

  log(message: unknown, context?: unknown): void {
    this.#add('log', message, context);
  }

  warn(message: unknown, context?: unknown): void {
    this.#add('warn', message, context);
  }

  /** Nest calls it with `(message, stack, context)`, or with `(message, context)` without a stack. */
  error(message: unknown, ...rest: unknown[]): void {
    this.#add('error', message, rest.at(-1), rest.length > 1 ? rest[0] : undefined);
  }

  /** The messages of one level from the site's own loggers. */
  of(level: LogLevel): string[] {
    return this.lines
      .filter((line) => line.level === level && line.context?.startsWith('LimeSiteService'))
      .map(({ message }) => message);
  }

  /** All lines, for a search for secrets. */
  toString(): string {
    return JSON.stringify(this.lines);
  }

  #add(level: LogLevel, message: unknown, context: unknown, stack?: unknown): void {
    this.lines.push({
      level,
      context: textOf(context),
      message: String(message),
      stack: textOf(stack),
    });
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
