import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { sessionOf } from '../session/session.js';
import { accountOf } from './connected-agents.js';

/** The id of the binding that the account which is signed in now started in this browser. */
export function pendingBindingId(context: ExecutionContext): string | undefined {
  const { agent, binding } = sessionOf(context.switchToHttp().getRequest<Request>()) ?? {};
  return agent && binding?.account === accountOf(agent) ? binding.bindingId : undefined;
}
