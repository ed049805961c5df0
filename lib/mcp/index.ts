export type { McpTokenClaims } from '../interfaces/passport-claims.interface.js';
export { LimeMcpModule, type LimeMcpModuleExtras } from './lime-mcp.module.js';
export type { LimeMcpModuleOptions } from './lime-mcp.options.js';
export { McpAgent } from './mcp-agent.decorator.js';
export { McpTokenGuard } from './mcp-token.guard.js';
export { McpTokenVerifier } from './mcp-token.verifier.js';
