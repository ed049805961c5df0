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
  /** How long an expired passport is still good for, in milliseconds, because clocks differ. */
  clockToleranceMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/** Everything about passports that one site needs. */
export class Passports {
  readonly #keys: JwksSource;
  readonly #verifier: PassportVerifier;

  constructor(options: PassportsOptions) {
    this.#keys = new JwksSource(options);
    this.#verifier = new PassportVerifier({ ...options, keys: this.#keys });
  }

  /** Fetches the keys ahead of the first passport. Never rejects. */
  warm(): Promise<void> {
    return this.#keys.warm();
  }

  /** Nothing will be verified any more. */
  close(): void {
    this.#keys.close();
  }

  verifyLogin(jwt: string, expectedRequestId?: string): Promise<PassportClaims> {
    return this.#verifier.verify<PassportClaims>(jwt, LOGIN_PASSPORT, expectedRequestId);
  }

  verifyBinding(jwt: string, expectedBindingId?: string): Promise<BindingPassportClaims> {
    return this.#verifier.verify<BindingPassportClaims>(jwt, BINDING_PASSPORT, expectedBindingId);
  }
}
