import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, Reflector } from '@nestjs/core';
import { InvalidPassportError, LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../passport/index.js';
import { sharedObjectOf } from './handshake.js';
import { getRuntimeToken } from './lime-site.tokens.js';
import { extractPassports, type PassportExtractor } from './passport-extractors.js';
import type { PassportPolicyOptions } from './passport-policy.decorator.js';
import { assertPolicy, expectedIdOf } from './passport-policy.js';
import { PassportRefusal } from './passport-refusal.js';
import { RoutePolicies } from './route-policies.js';
import type { SiteRuntime } from './site-runtime.js';
import { transportException } from './transport-exception.js';
import { attachPassport } from './verified-passport.js';

/** What both passport guards do. Every protected step can be overridden. */
@Injectable()
export abstract class BasePassportGuard implements CanActivate {
  /** By name. Nest goes through all its modules to find one. */
  readonly #sites = new Map<string | undefined, SiteRuntime>();
  readonly #policies: RoutePolicies;

  constructor(
    reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    this.#policies = new RoutePolicies(reflector);
  }

  /** Lets the request in, or throws the exception that its transport understands. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      const policy = this.getPolicy(context);
      const claims = await this.#admit(context, policy);
      attachPassport(this.getRequest(context), { valid: true, claims });
      return true;
    } catch (error) {
      if (error instanceof LimeError) throw await this.createException(context, refusalOf(error));
      throw error;
    }
  }

  /** Where to look for a passport when the policy does not say. */
  protected abstract defaultExtractor(context: ExecutionContext): PassportExtractor;

  /** Verifies the passport against the keys of the site. */
  protected abstract verify(
    token: string,
    expectedId: string | undefined,
    site: SiteRuntime,
  ): Promise<CommonPassportClaims>;

  /** What the passport stands for: the id of its login or binding. */
  protected abstract idOf(claims: CommonPassportClaims): string;

  /** Whether this site started, or received, what the passport stands for. */
  protected abstract isKnown(id: string, site: SiteRuntime): boolean | Promise<boolean>;

  /** The object that `@Passport()` reads from. */
  protected getRequest(context: ExecutionContext): object {
    return sharedObjectOf(context);
  }

  /**
   * The passport that came with the request; `undefined` for none.
   * @throws {PassportRefusal} `invalid_request` for more than one (RFC 6750 section 2).
   */
  protected getToken(context: ExecutionContext): string | undefined {
    const { from = this.defaultExtractor(context) } = this.getPolicy(context);
    const found = extractPassports(from, context);
    if (found.length > 1) throw new PassportRefusal('invalid_request');
    return found[0];
  }

  /** What `@PassportPolicy()` says for this route. */
  protected getPolicy(context: ExecutionContext): Readonly<PassportPolicyOptions> {
    return this.#policies.of(context);
  }

  /**
   * The exception for a refusal: an `HttpException`, `WsException` or `RpcException`, with generic words for the client
   * and the reason in `cause`. On HTTP it sets `WWW-Authenticate` (RFC 6750 section 3).
   */
  protected createException(
    context: ExecutionContext,
    refusal: PassportRefusal,
  ): Error | Promise<Error> {
    if (refusal.challenge !== undefined && context.getType() === 'http') {
      const response = context.switchToHttp().getResponse<unknown>();
      this.adapterHost.httpAdapter.setHeader(response, 'WWW-Authenticate', refusal.challenge);
    }
    return transportException(context, refusal);
  }

  async #admit(
    context: ExecutionContext,
    policy: PassportPolicyOptions,
  ): Promise<CommonPassportClaims> {
    const token = this.getToken(context);
    if (token === undefined) throw new PassportRefusal('missing_token');
    const site = this.#siteOf(policy.site);
    const claims = await this.verify(token, expectedIdOf(policy, context), site);
    const id = this.idOf(claims);
    if (!policy.anyRequest) {
      const known = this.isKnown(id, site);
      if (!(known === true || (await known))) throw foreign(id);
    }
    assertPolicy(policy, claims);
    if (policy.singleUse && !(await site.memory.claim(`${claims.aud} ${id}`, claims.exp))) {
      throw replayed(id);
    }
    return claims;
  }

  #siteOf(name: string | undefined): SiteRuntime {
    const known = this.#sites.get(name);
    if (known) return known;
    const site = this.moduleRef.get<SiteRuntime>(getRuntimeToken(name), { strict: false });
    this.#sites.set(name, site);
    return site;
  }
}

/** Whatever is wrong with a passport is the same to the client. */
function refusalOf(error: LimeError): PassportRefusal {
  if (error instanceof PassportRefusal) return error;
  if (error instanceof InvalidPassportError) return new PassportRefusal('invalid_token', error);
  const clusterIsAway = error.code === 'CLUSTER_UNAVAILABLE';
  return new PassportRefusal(clusterIsAway ? 'cluster_unavailable' : 'keys_unavailable', error);
}

function foreign(id: string): InvalidPassportError {
  return new InvalidPassportError(
    'PASSPORT_REQUEST_MISMATCH',
    'the passport belongs to something that this site neither started nor received',
    { actual: id },
  );
}

function replayed(id: string): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_REPLAYED', 'the passport was used before', {
    actual: id,
  });
}
