import { inspect } from 'node:util';

/**
 * Holds the site token so that nothing that prints, serialises or inspects its owner can show it.
 * Only {@link SiteToken.reveal}, called where a request is sent, gives it out.
 */
export class SiteToken {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[site token]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
