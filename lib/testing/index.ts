export type { AgentProfile, RegisteredAgent } from './agent-registry.js';
export { attachMcpAgent, attachPassport } from './attach-passport.js';
export type { BindingCodeFault, BindingStatus, SandboxBinding } from './bindings.js';
export type { FaultFilter, FaultResponse } from './fault-rules.js';
export { LimeSandbox } from './lime-sandbox.js';
export type { LoginRequestStatus, SandboxLoginRequest } from './login-requests.js';
export type {
  PassportClaimOverrides,
  PassportOverrides,
  TokenOverrides,
} from './passport-issuer.js';
export { ManualClock } from './manual-clock.js';
export type { SandboxPlatform } from './generations.js';
export {
  type ProofOfWork,
  type ProofOfWorkOptions,
  type ProofOfWorkVersion,
  solveProofOfWork,
} from './proof-of-work.js';
export type { SandboxRefusal } from './refusals.js';
export type {
  SandboxActivity,
  SandboxActivityDetail,
  SandboxActivityListener,
} from './activity.js';
export {
  SandboxAgent,
  type SandboxAgentApproval,
  type SandboxAgentOptions,
} from './sandbox-agent.js';
export type { SandboxCall, SandboxTarget } from './call-log.js';
export { SandboxError, type SandboxErrorOptions } from './sandbox-error.js';
export type { SandboxFaultResponse, SandboxFaults } from './sandbox-faults.js';
export type { LimeSandboxOptions, SandboxRateLimit } from './sandbox-options.js';
export type { SandboxSigningKey } from './token-signer.js';
