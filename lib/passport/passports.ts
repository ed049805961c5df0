import type { HttpTransport } from '../api/http-transport.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { traced } from '../diagnostics/operation.js';
import { verifyChannel } from '../diagnostics/channels.js';
import { JwksSource } from './jwks-source.js';
import type {
  BindingPassportClaims,
  CommonPassportClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import { BINDING_PASSPORT, LOGIN_PASSPORT, type PassportKind } from './passport-kind.js';
import type { PassportRulesOptions } from './passport-rules.js';
import { PassportVerifier } from './passport-verifier.js';

export interface PassportsOptions extends PassportRulesOptions {
  /** The name of the site. */
  site: string;
  transport: HttpTransport;
  /** Per fetch of the keys, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/** Everything about passports that one site needs. */
export class Passports {
  readonly #site: string;
  readonly #keys: JwksSource;
  readonly #verifier: PassportVerifier;

  constructor(options: PassportsOptions) {
    this.#site = options.site;
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
    return this.#verify<PassportClaims>(jwt, LOGIN_PASSPORT, expectedRequestId);
  }

  verifyBinding(jwt: string, expectedBindingId?: string): Promise<BindingPassportClaims> {
    return this.#verify<BindingPassportClaims>(jwt, BINDING_PASSPORT, expectedBindingId);
  }

  #verify<Claims extends CommonPassportClaims>(
    jwt: string,
    kind: PassportKind,
    expectedId: string | undefined,
  ): Promise<Claims> {
    return traced(
      verifyChannel,
      () => ({ site: this.#site, kind: kind.name }),
      () => this.#verifier.verify<Claims>(jwt, kind, expectedId),
    );
  }
}
