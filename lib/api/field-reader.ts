import { LimeError, redact } from '../errors/index.js';

/** `Z` or an offset must be there: a date without one means another instant on every server. */
const ZONED_DATE = /T.*(Z|[+-]\d{2}:?\d{2})$/i;

/** Reads the fields of one answer; a missing or odd one becomes an error that tells what came. */
export class FieldReader {
  readonly #data: Record<string, unknown>;
  readonly #call: string;
  readonly #secrets: readonly string[];

  /**
   * @param call what was asked, for messages.
   * @param secrets what the platform must not get into our errors by repeating it.
   */
  constructor(data: Record<string, unknown>, call: string, secrets: readonly string[]) {
    this.#data = data;
    this.#call = call;
    this.#secrets = secrets;
  }

  has(field: string): boolean {
    return this.#data[field] !== undefined && this.#data[field] !== null;
  }

  /** A text that is not blank. */
  text(field: string): string {
    const value = this.#data[field];
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw this.#unusable(field, 'a non-empty text');
  }

  /** An ISO 8601 date with a zone. */
  date(field: string): Date {
    const value = this.#data[field];
    if (typeof value === 'string' && ZONED_DATE.test(value)) {
      const date = new Date(value);
      if (!Number.isNaN(date.getTime())) return date;
    }
    throw this.#unusable(field, 'an ISO 8601 date with Z or an offset');
  }

  #unusable(field: string, wanted: string): LimeError {
    const actual = redact(this.#data[field], this.#secrets);
    const came = actual === undefined ? 'nothing' : JSON.stringify(actual).slice(0, 80);
    return new LimeError(
      'UNEXPECTED_RESPONSE',
      `${this.#call} answered without a usable \`${field}\`: expected ${wanted}, got ${came}`,
      { detail: { field, actual } },
    );
  }
}
