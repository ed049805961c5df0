import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

/** All texts that a program can make of a value. */
export function readings(value: unknown): string {
  const texts = [
    inspect(value, {
      showHidden: true,
      depth: Infinity,
      maxArrayLength: Infinity,
      maxStringLength: Infinity,
    }),
  ];
  for (let error: unknown = value; error instanceof Error; error = error.cause) {
    texts.push(error.message, String(error.stack), String(error));
  }
  try {
    texts.push(JSON.stringify(value) ?? '');
  } catch {
    // Cyclic: `inspect` has read it.
  }
  return texts.join('\n');
}

/** A Nest logger that records all arguments at every level. */
export class LogFile implements LoggerService {
  readonly #lines: string[] = [];

  readonly log = (...given: unknown[]) => this.#write(given);
  readonly error = (...given: unknown[]) => this.#write(given);
  readonly warn = (...given: unknown[]) => this.#write(given);
  readonly debug = (...given: unknown[]) => this.#write(given);
  readonly verbose = (...given: unknown[]) => this.#write(given);
  readonly fatal = (...given: unknown[]) => this.#write(given);

  get size(): number {
    return this.#lines.length;
  }

  toString(): string {
    return this.#lines.join('\n');
  }

  #write(given: unknown[]): void {
    for (const part of given) this.#lines.push(typeof part === 'string' ? part : readings(part));
  }
}

/** The names of the secrets that a text shows. Names, so that a failing test does not show the secrets. */
export function secretsIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => text.includes(secret))
    .map(([name]) => name);
}
