import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { accountOf } from './connected-agents.js';

/** The id of the binding that the signed-in account started in this browser. */
export function pendingBindingId(context: ExecutionContext): string | undefined {
  const { agent, binding } = context.switchToHttp().getRequest<Request>().session;
  return agent && binding?.account === accountOf(agent) ? binding.bindingId : undefined;
}
