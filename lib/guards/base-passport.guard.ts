import { type ExecutionContext, Injectable, type OnModuleInit } from '@nestjs/common';
import { isRefusedCode } from '../api/binding-exchange.js';
import { getLimeSiteToken } from '../decorators/inject-lime-site.decorator.js';
import { InvalidPassportError, LimeError } from '../errors/index.js';
import type { LimeToUser } from '../interfaces/lime-sites-module-options.interface.js';
import type { CommonPassportClaims } from '../interfaces/passport-claims.interface.js';
import type { LimeSite } from '../lime-site.js';
import { DEFAULT_SITE, LIME_SITES_NAME } from '../lime-sites.constants.js';
import { BaseTokenGuard } from './base-token.guard.js';
import {
  Admission,
  attachAdmission,
  attachedAdmission,
  httpRequestOf,
  reserveUser,
  sharedObjectOf,
} from './execution.js';
import { extractPassports, type PassportExtractor } from './passport-extractors.js';
import {
  assertAllowed,
  expectedIdsOf,
  type RoutePolicy,
  routePolicyOf,
} from './passport-policy.js';
import {
  type ChallengeParameters,
  PassportException,
  type PassportExceptionCode,
} from './passport.exception.js';

const NO_USES: ReadonlySet<string> = new Set();

/** The steps that both passport guards share. Every protected step can be overridden. */
@Injectable()
export abstract class BasePassportGuard extends BaseTokenGuard implements OnModuleInit {
  /** By class and method. To add them up anew costs half of what the guard does (docs/decisions.md). */
  readonly #policies = new WeakMap<object, Map<unknown, RoutePolicy>>();

  /** @internal @throws {LimeError} `MISSING_MODULE`: without a site the guard would fail on every request. */
  onModuleInit(): void {
    this.provided(
      LIME_SITES_NAME,
      'MISSING_MODULE',
      'LimeSitesModule, which the application does not import. Import LimeSitesModule.forRoot() in the root module, or ' +
        'override the guard in a test',
    );
  }

  /** Lets the request in, or throws the exception of its transport. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.getPolicy(context);
    const site = this.#siteOf(policy);
    try {
      const token = this.getToken(context, policy);
      if (token === undefined && !policy.optional) throw new PassportException('missing_token');
      const request = this.getRequest(context);
      const earlier = attachedAdmission(request, context);
      if (token === undefined) {
        if (!earlier) attachAdmission(request, new Admission(undefined, context));
      } else if (!earlier?.answers(this.constructor, token)) {
        attachAdmission(request, await this.#admit(token, policy, site, context, earlier));
      }
      return true;
    } catch (error) {
      if (!(error instanceof PassportException)) throw error;
      error.addToChallenge(this.getChallenge(site));
      throw await this.createException(context, error);
    }
  }

  /** Where the guard looks for a passport if the policy names no place. */
  protected abstract defaultExtractor(context: ExecutionContext): PassportExtractor;

  /**
   * Verifies the token of the request.
   * @param token the passport; for `BindingPassportGuard` by default the binding code.
   * @param expectedId the id that the route expects the passport to be for, if it expects one.
   */
  protected abstract verify(
    token: string,
    expectedId: string | undefined,
    site: LimeSite,
    policy: RoutePolicy,
  ): Promise<CommonPassportClaims>;

  /** The id of the login or binding that the passport is for. */
  protected abstract idOf(claims: CommonPassportClaims): string;

  /** Whether this site started, or received, the login or binding. */
  protected abstract isKnown(id: string, site: LimeSite): Promise<boolean>;

  /** The object that `@Passport()` reads from: one for each execution of a route handler. */
  protected getRequest(context: ExecutionContext): object {
    return sharedObjectOf(context);
  }

  /**
   * The passport, or binding code, that came with the request; `undefined` without one.
   * @throws {PassportException} `invalid_request` for more than one (RFC 6750 section 2).
   */
  protected getToken(context: ExecutionContext, policy: RoutePolicy): string | undefined {
    const found = extractPassports(policy.from ?? this.defaultExtractor(context), context);
    if (found.length > 1) throw new PassportException('invalid_request');
    return found[0];
  }

  /** The sum of all `@PassportPolicy()` of the route. */
  protected getPolicy(context: ExecutionContext): RoutePolicy {
    const [type, method] = [context.getClass(), context.getHandler()];
    const known = this.#policies.get(type)?.get(method);
    if (known) return known;
    const policy = routePolicyOf(this.reflector, type, method);
    const ofType = this.#policies.get(type) ?? new Map<unknown, RoutePolicy>();
    this.#policies.set(type, ofType.set(method, policy));
    return policy;
  }

  /** What makes `user` of the HTTP request: the option `toUser`. With `undefined` the request keeps its user. */
  protected getToUser({ guardOptions }: LimeSite): LimeToUser | undefined {
    return guardOptions.toUser;
  }

  /** The parameters that a refusal adds to `WWW-Authenticate`: the option `challenge`. */
  protected getChallenge({ guardOptions }: LimeSite): ChallengeParameters {
    return guardOptions.challenge;
  }

  async #admit(
    token: string,
    policy: RoutePolicy,
    site: LimeSite,
    context: ExecutionContext,
    earlier: Admission | undefined,
  ): Promise<Admission> {
    const [expectedId, ...otherIds] = expectedIdsOf(policy, context);
    if (otherIds.some((id) => id !== expectedId))
      throw refusalOf(mismatch('the policies of the route expect different ids'));
    const claims = await this.#verified(token, expectedId, site, policy);
    if (policy.rules.length > 0) await assertAllowed(policy, claims, context);
    const toUser = this.getToUser(site);
    const setUser = toUser && (await this.#identify(toUser, claims, token, context));
    const earlierUses = earlier?.uses ?? NO_USES;
    const uses = policy.singleUse ? await this.#useOnce(claims, earlierUses, site) : earlierUses;
    setUser?.();
    return new Admission(claims, context, { guard: this.constructor, token, uses });
  }

  /** The claims of a passport for something that this site started, or that the policy accepts all the same. */
  async #verified(
    token: string,
    expectedId: string | undefined,
    site: LimeSite,
    policy: RoutePolicy,
  ): Promise<CommonPassportClaims> {
    try {
      const claims = await this.verify(token, expectedId, site, policy);
      const id = this.idOf(claims);
      if (policy.allowForeignLogins || (await this.isKnown(id, site))) return claims;
      throw foreign(id);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** @returns what fills `request.user` once the guard lets the request in. */
  async #identify(
    toUser: LimeToUser,
    claims: CommonPassportClaims,
    token: string,
    context: ExecutionContext,
  ): Promise<(() => void) | undefined> {
    const request = httpRequestOf(context);
    if (!request) return undefined;
    const user = await toUser({ valid: true, claims }, context);
    const isShared = context.getType<string>() === 'graphql';
    if (isShared && !reserveUser(request, token)) throw new PassportException('invalid_request');
    return () => {
      request['user'] = user;
    };
  }

  /**
   * @param earlier the uses that earlier guards of the same execution claimed.
   * @returns these and this one.
   */
  async #useOnce(
    claims: CommonPassportClaims,
    earlier: ReadonlySet<string>,
    site: LimeSite,
  ): Promise<ReadonlySet<string>> {
    const id = this.idOf(claims);
    const use = `${claims.aud} ${id}`;
    if (earlier.has(use)) return earlier;
    try {
      if (await site.store.claim(use, new Date(claims.exp * 1000)))
        return new Set(earlier).add(use);
      throw replayed(id);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #siteOf({ site }: RoutePolicy): LimeSite {
    return this.provided<LimeSite>(
      getLimeSiteToken(site),
      'UNKNOWN_SITE',
      `the site "${site ?? DEFAULT_SITE}", which is not registered. Register it with LimeSitesModule.forRoot()`,
    );
  }
}

/** Makes a refusal of an error of this module. Errors of the application's own functions stay as they are. */
function refusalOf(error: unknown): unknown {
  return error instanceof LimeError ? new PassportException(codeOf(error), error) : error;
}

/** The code of a refusal: every fault of a token has the same one for the client. */
export function codeOf(error: LimeError): PassportExceptionCode {
  if (error instanceof InvalidPassportError || isRefusedCode(error)) return 'invalid_token';
  switch (error.code) {
    case 'BINDING_CODE_USED':
    case 'INVALID_ARGUMENT':
      return 'invalid_token';
    case 'KEYS_UNAVAILABLE':
      return 'keys_unavailable';
    case 'CLUSTER_UNAVAILABLE':
    case 'CLUSTER_REFUSED':
      return 'cluster_unavailable';
    case 'STORE_UNAVAILABLE':
      return 'store_unavailable';
    default:
      return 'lime_unavailable';
  }
}

/** The refusal of a passport for something that this site did not start. */
export function foreign(id: string): InvalidPassportError {
  return mismatch('this site neither started nor received the login or binding of the passport', {
    actual: id,
  });
}

function mismatch(message: string, detail?: { actual: string }): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_REQUEST_MISMATCH', message, detail);
}

function replayed(id: string): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_REPLAYED', 'the passport was used before', {
    actual: id,
  });
}
