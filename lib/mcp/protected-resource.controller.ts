import { Controller, Get, NotFoundException, Param, VERSION_NEUTRAL } from '@nestjs/common';
import { METADATA_PATH } from './lime-mcp.options.js';
import { McpTokenVerifier } from './mcp-token.verifier.js';

/** Says which platform issues the access tokens of this MCP server (RFC 9728 section 2). */
@Controller({ path: METADATA_PATH, version: VERSION_NEUTRAL })
export class ProtectedResourceController {
  constructor(private readonly verifier: McpTokenVerifier) {}

  /** For clients that look at the origin only. */
  @Get()
  ofOrigin(): object {
    const { resource, issuers, baseUrl } = this.verifier.options;
    return {
      resource,
      authorization_servers: issuers || [new URL(baseUrl).origin],
      bearer_methods_supported: ['header'],
    };
  }

  /** For clients that put the path of the resource behind the well-known one (RFC 9728 section 3.1). */
  @Get([':a', ':a/:b', ':a/:b/:c', ':a/:b/:c/:d']) // Express and Fastify do not share a wildcard
  ofPath(@Param() segments: Record<string, string>): object {
    if (`/${Object.values(segments).join('/')}` === this.verifier.options.path)
      return this.ofOrigin();
    throw new NotFoundException();
  }
}
