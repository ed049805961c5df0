import { type ExecutionContext, Injectable, type OnModuleInit } from '@nestjs/common';
import { LimeError } from '../errors/index.js';
import { codeOf } from '../guards/base-passport.guard.js';
import { BaseTokenGuard } from '../guards/base-token.guard.js';
import { bearerToken } from '../guards/passport-extractors.js';
import { definitionsOf, policiesOf } from '../guards/passport-policy.js';
import { PassportException, type PassportExceptionCode } from '../guards/passport.exception.js';
import { attachAgent, nodeRequestOf } from './mcp-agent.decorator.js';
import { McpTokenVerifier } from './mcp-token.verifier.js';
import { ProtectedResourceController } from './protected-resource.controller.js';

const MESSAGES: Partial<Record<PassportExceptionCode, string>> = {
  missing_token: 'An MCP access token is required',
  invalid_token: 'The MCP access token is not valid here',
  keys_unavailable: 'The MCP access token cannot be verified at the moment; try again',
};

/**
 * Lets an agent call the MCP server with an access token that LIME issued for its domain, in `Authorization: Bearer …`. Otherwise the answer
 * is 401 with the address of the metadata (RFC 9728), or 503 while LIME's keys are unavailable. Put it on the controller of the endpoint.
 */
@Injectable()
export class McpTokenGuard extends BaseTokenGuard implements OnModuleInit {
  /** @internal @throws {LimeError} `MISSING_MODULE`: without the module the guard would fail on every request. */
  onModuleInit(): void {
    this.#verifier();
  }

  /** Lets the request in, or throws the exception of its transport. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Clients read the metadata before they have a token, also where this guard is a global one.
    if (context.getClass() === ProtectedResourceController) return true;
    this.#assertNoPolicy(context);
    const verifier = this.#verifier();
    const request = nodeRequestOf(context);
    const token = bearerToken(request?.headers.authorization ?? '');
    if (!request || token === undefined) throw await this.#refusal('missing_token', context);
    const agent = await verifier.verify(token).catch(async (error: unknown) => {
      throw error instanceof LimeError ? await this.#refusal(codeOf(error), context, error) : error;
    });
    attachAgent(request, agent);
    const { toUser } = verifier.options;
    if (toUser) {
      const target =
        context.getType() === 'http' ? context.switchToHttp().getRequest<object>() : request;
      Object.assign(target, { user: await toUser(agent, context) });
    }
    return true;
  }

  async #refusal(
    code: PassportExceptionCode,
    context: ExecutionContext,
    cause?: LimeError,
  ): Promise<Error> {
    const exception = new PassportException(code, cause, MESSAGES[code]);
    exception.addToChallenge(this.#verifier().options.challenge);
    return this.createException(context, exception);
  }

  /** @throws {LimeError} `CONFLICTING_POLICIES`: the guard must not ignore a rule that is written down. */
  #assertNoPolicy(context: ExecutionContext): void {
    const [type, method] = [context.getClass(), context.getHandler()];
    if (policiesOf(this.reflector, [...definitionsOf(type, method), type]).length === 0) return;
    throw new LimeError(
      'CONFLICTING_POLICIES',
      `@PassportPolicy() is for passports, and ${type.name}.${method.name} is for MCP access tokens: check the agent in a guard that follows ` +
        'McpTokenGuard',
    );
  }

  #verifier(): McpTokenVerifier {
    return this.provided(
      McpTokenVerifier,
      'MISSING_MODULE',
      'LimeMcpModule, which the application does not import. Import LimeMcpModule.forRoot({ domain }) in the root module, or override ' +
        'the guard in a test',
    );
  }
}
