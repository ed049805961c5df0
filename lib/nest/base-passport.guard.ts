import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, Reflector } from '@nestjs/core';
import { isRefusedCode } from '../api/index.js';
import { InvalidPassportError, LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../passport/index.js';
import { sharedObjectOf } from './handshake.js';
import { getRuntimeToken } from './lime-site.tokens.js';
import { extractPassports, type PassportExtractor } from './passport-extractors.js';
import {
  assertAllowed,
  expectedIdsOf,
  type RoutePolicy,
  routePolicyOf,
} from './passport-policy.js';
import { PassportRefusal, type PassportRefusalCode } from './passport-refusal.js';
import type { SiteRuntime } from './site-runtime.js';
import { transportException } from './transport-exception.js';
import { Admission, attachAdmission, attachedAdmission } from './verified-passport.js';

/** What both passport guards do. Every protected step can be overridden. */
@Injectable()
export abstract class BasePassportGuard implements CanActivate {
  /** By name. Nest goes through all its modules to find one. */
  readonly #sites = new Map<string | undefined, SiteRuntime>();

  constructor(
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Lets the request in, or throws the exception that its transport understands. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.getPolicy(context);
    try {
      const token = this.getToken(context);
      if (token === undefined) throw new PassportRefusal('missing_token');
      const request = this.getRequest(context);
      const earlier = attachedAdmission(request, context);
      if (earlier?.answers(this.constructor, token)) return true;
      attachAdmission(request, await this.#admit(token, policy, context, earlier));
      return true;
    } catch (error) {
      throw error instanceof PassportRefusal ? await this.createException(context, error) : error;
    }
  }

  /** Where to look for a passport when the policy does not say. */
  protected abstract defaultExtractor(context: ExecutionContext): PassportExtractor;

  /**
   * Verifies what came with the request.
   * @param token the passport; for `BindingPassportGuard` by default the binding code.
   * @param expectedId the id that the route wants it to be for, if it wants one.
   */
  protected abstract verify(
    token: string,
    expectedId: string | undefined,
    site: SiteRuntime,
    context: ExecutionContext,
  ): Promise<CommonPassportClaims>;

  /** The id of the login or binding that the passport is for. */
  protected abstract idOf(claims: CommonPassportClaims): string;

  /** Whether this site started, or received, the login or binding. */
  protected abstract isKnown(id: string, site: SiteRuntime): boolean | Promise<boolean>;

  /** The object that `@Passport()` reads from: one for each execution of a route handler. */
  protected getRequest(context: ExecutionContext): object {
    return sharedObjectOf(context);
  }

  /**
   * The passport, or binding code, that came with the request; `undefined` without one.
   * @throws {PassportRefusal} `invalid_request` for more than one (RFC 6750 section 2).
   */
  protected getToken(context: ExecutionContext): string | undefined {
    const { from = this.defaultExtractor(context) } = this.getPolicy(context);
    const found = extractPassports(from, context);
    if (found.length > 1) throw new PassportRefusal('invalid_request');
    return found[0];
  }

  /** What all `@PassportPolicy()` of this route say together. */
  protected getPolicy(context: ExecutionContext): RoutePolicy {
    return routePolicyOf(this.reflector, context);
  }

  /**
   * The exception for a refusal: an `HttpException`, `WsException` or `RpcException`, with a generic message for the client
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
    token: string,
    policy: RoutePolicy,
    context: ExecutionContext,
    earlier: Admission | undefined,
  ): Promise<Admission> {
    const [expectedId, ...otherIds] = new Set(expectedIdsOf(policy, context));
    if (otherIds.length > 0)
      throw refusalOf(mismatch('the policies of the route expect different ids'));
    const site = this.#siteOf(policy.site);
    const claims = await orRefuse(async () => {
      const verified = await this.verify(token, expectedId, site, context);
      const id = this.idOf(verified);
      if (!policy.allowForeignLogins && !(await this.isKnown(id, site))) throw foreign(id);
      return verified;
    });
    await assertAllowed(policy, claims, context);
    const uses = new Set(earlier?.uses);
    if (policy.singleUse) await orRefuse(() => this.#useOnce(claims, uses, site));
    const passport = { valid: true, claims } as const;
    return new Admission({ passport, context, guard: this.constructor, token, uses });
  }

  /** @param uses what earlier guards of the same execution claimed; gets the use of these claims. */
  async #useOnce(claims: CommonPassportClaims, uses: Set<string>, site: SiteRuntime) {
    const id = this.idOf(claims);
    const use = `${claims.aud} ${id}`;
    if (!uses.has(use) && !(await site.memory.claim(use, claims.exp))) throw replayed(id);
    uses.add(use);
  }

  #siteOf(name: string | undefined): SiteRuntime {
    const known = this.#sites.get(name);
    if (known) return known;
    const site = this.moduleRef.get<SiteRuntime>(getRuntimeToken(name), { strict: false });
    this.#sites.set(name, site);
    return site;
  }
}

/** What this module finds wrong becomes a refusal. What the application's own functions throw stays as it is. */
async function orRefuse<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof LimeError ? refusalOf(error) : error;
  }
}

/** Every fault of a passport is the same to the client. */
function refusalOf(error: LimeError): PassportRefusal {
  return new PassportRefusal(refusalCodeOf(error), error);
}

function refusalCodeOf(error: LimeError): PassportRefusalCode {
  if (error instanceof InvalidPassportError || isRefusedCode(error)) return 'invalid_token';
  switch (error.code) {
    case 'BINDING_CODE_USED':
    case 'INVALID_ARGUMENT':
      return 'invalid_token';
    case 'KEYS_UNAVAILABLE':
      return 'keys_unavailable';
    case 'CLUSTER_UNAVAILABLE':
      return 'cluster_unavailable';
    default:
      return 'lime_unavailable';
  }
}

function mismatch(message: string): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_REQUEST_MISMATCH', message);
}

/** The passport of something that this site did not start. */
export function foreign(id: string): InvalidPassportError {
  return new InvalidPassportError(
    'PASSPORT_REQUEST_MISMATCH',
    'the passport belongs to a login or binding that this site neither started nor received',
    { actual: id },
  );
}

function replayed(id: string): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_REPLAYED', 'the passport was used before', {
    actual: id,
  });
}
