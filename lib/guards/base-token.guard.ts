import { type CanActivate, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, Reflector } from '@nestjs/core';
import { LimeError } from '../errors/index.js';
import { type PassportException, transportException } from './passport.exception.js';

/** The steps that the guards for passports and the guard for MCP access tokens share. */
@Injectable()
export abstract class BaseTokenGuard implements CanActivate {
  /** Singletons. To look one up in all modules takes Nest a tenth of the time of a request on Fastify. */
  readonly #found = new Map<unknown, unknown>();

  constructor(
    protected readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Lets the request in, or throws the exception of its transport. */
  abstract canActivate(context: ExecutionContext): Promise<boolean>;

  /**
   * The exception for a refusal: the `PassportException` itself, or a `WsException` or `RpcException` with the same code,
   * message and `cause`. On HTTP it sets `WWW-Authenticate` (RFC 6750 section 3).
   */
  protected createException(
    context: ExecutionContext,
    exception: PassportException,
  ): Error | Promise<Error> {
    if (exception.challenge !== undefined && context.getType() === 'http') {
      const response = context.switchToHttp().getResponse<unknown>();
      this.adapterHost.httpAdapter.setHeader(response, 'WWW-Authenticate', exception.challenge);
    }
    return transportException(context, exception);
  }

  /** @internal Gets a provider of a module of this package. Nest's own error would name only a token. */
  protected provided<Provider>(
    token: string | Type<Provider>,
    code: string,
    need: string,
  ): Provider {
    const found = this.#found.get(token) as Provider | undefined;
    if (found) return found;
    try {
      const provider = this.moduleRef.get<Provider>(token, { strict: false });
      this.#found.set(token, provider);
      return provider;
    } catch {
      throw new LimeError(code, `${this.constructor.name} needs ${need}`);
    }
  }
}
