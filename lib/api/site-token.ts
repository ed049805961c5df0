import { inspect } from 'node:util';

/** Holds the site token. Printing, serialising or inspecting its owner shows `[site token]`; only `reveal()` shows the value. */
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
