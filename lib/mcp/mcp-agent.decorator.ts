import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { NamedKey } from '../decorators/passport.decorator.js';
import { LimeError } from '../errors/index.js';
import type { McpTokenClaims } from '../interfaces/passport-claims.interface.js';

const AGENT = Symbol('lime-sites.mcp-agent');

/**
 * Injects the agent that calls: the claims of the access token that `McpTokenGuard` verified, or one claim by its name. In the controller
 * of the MCP endpoint, and in the tools of `@rekog/mcp-nest`.
 * @throws {LimeError} `GUARD_MISSING` where no such guard let the request in.
 */
export const McpAgent: (claim?: NamedKey<McpTokenClaims>) => ParameterDecorator =
  createParamDecorator((claim: string | undefined, context: ExecutionContext): unknown => {
    const request = nodeRequestOf(context);
    const agent = request && (Reflect.get(request, AGENT) as McpTokenClaims | undefined);
    if (agent) return claim === undefined ? agent : agent[claim];
    throw new LimeError(
      'GUARD_MISSING',
      `@McpAgent() in ${context.getClass().name}.${context.getHandler().name} needs @UseGuards(McpTokenGuard) on the controller of ` +
        'the MCP endpoint',
    );
  });

/** Not enumerable, so that a logged or copied request does not show the claims. */
export function attachAgent(request: object, agent: McpTokenClaims): void {
  Object.defineProperty(request, AGENT, { value: agent, configurable: true });
}

/**
 * Finds Node's HTTP request. It is the same object for the endpoint and for the tools of an MCP server that is a Nest microservice
 * (`@rekog/mcp-nest`), whose context has it as `getRawRequest()`.
 */
export function nodeRequestOf(context: ExecutionContext): IncomingMessage | undefined {
  if (context.getType() === 'http') {
    const request = context
      .switchToHttp()
      .getRequest<IncomingMessage & { raw?: IncomingMessage }>();
    // Fastify wraps it, Express extends it; `raw` of Express is a field of some middleware.
    return request.raw?.headers ? request.raw : request;
  }
  if (context.getType() !== 'rpc') return undefined;
  const call = context
    .switchToRpc()
    .getContext<{ getRawRequest?(): IncomingMessage } | undefined>();
  return call?.getRawRequest?.();
}
