import type { HttpTransport } from '../http/index.js';
import type { Clock, LimeLogger } from '../ports/index.js';
import { JwksSource } from './jwks-source.js';
import type { BindingPassportClaims, PassportClaims } from './passport-claims.js';
import { BINDING_PASSPORT, LOGIN_PASSPORT } from './passport-kind.js';
import { PassportVerifier } from './passport-verifier.js';

export interface PassportsOptions {
  transport: HttpTransport;
  /** Per fetch of the keys, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/** Everything about passports that one site needs. */
export class Passports {
  readonly #keys: JwksSource;
  readonly #verifier: PassportVerifier;

  constructor(options: PassportsOptions) {
    this.#keys = new JwksSource(options);
    this.#verifier = new PassportVerifier(this.#keys, options.clock);
  }

  /** Fetches the keys ahead of the first passport. Never rejects. */
  warm(): Promise<void> {
    return this.#keys.warm();
  }

  async verifyLogin(jwt: string, expectedRequestId?: string): Promise<PassportClaims> {
    return (await this.#verifier.verify(jwt, LOGIN_PASSPORT, expectedRequestId)) as PassportClaims;
  }

  async verifyBinding(jwt: string): Promise<BindingPassportClaims> {
    return (await this.#verifier.verify(jwt, BINDING_PASSPORT)) as BindingPassportClaims;
  }
}
