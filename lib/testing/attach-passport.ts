import type { ExecutionContext } from '@nestjs/common';
import { Admission, attachAdmission, sharedObjectOf } from '../guards/execution.js';
import type {
  BindingPassportClaims,
  CommonPassportClaims,
  McpTokenClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import { attachAgent, nodeRequestOf } from '../mcp/mcp-agent.decorator.js';

/**
 * Attaches a passport with exactly these claims to the execution, where `@Passport()` reads it: for a guard that takes the
 * place of `PassportGuard` or `BindingPassportGuard` in a test. Verifies nothing. Works in every transport. Without claims
 * `@Passport()` is `undefined`, as on an optional route without a passport.
 * @returns `true`, the answer of a guard that lets the request in.
 *
 * @example
 * ```ts
 * const canActivate = (context: ExecutionContext) => attachPassport(context, { agent_id: 'agent-1' });
 * Test.createTestingModule({ imports: [AppModule] }).overrideGuard(PassportGuard).useValue({ canActivate });
 * ```
 */
export function attachPassport(
  context: ExecutionContext,
  claims?: Partial<PassportClaims> | Partial<BindingPassportClaims>,
): true {
  const admission = new Admission(claims as CommonPassportClaims | undefined, context);
  attachAdmission(sharedObjectOf(context), admission);
  return true;
}

/**
 * Attaches an agent with exactly these claims to the HTTP request, where `@McpAgent()` reads it: for a guard that takes the place of
 * `McpTokenGuard` in a test. Verifies nothing.
 * @returns `true`, the answer of a guard that lets the request in.
 */
export function attachMcpAgent(context: ExecutionContext, claims: Partial<McpTokenClaims>): true {
  const request = nodeRequestOf(context);
  if (request) attachAgent(request, claims as McpTokenClaims);
  return true;
}
