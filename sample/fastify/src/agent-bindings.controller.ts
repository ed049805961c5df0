import { Controller, type ExecutionContext, Get, Post, Req, UseFilters } from '@nestjs/common';
import { ConflictException, UseGuards } from '@nestjs/common';
import { BindingPassportGuard, LimeSiteService, Passport, PassportPolicy } from 'nestjs-lime-sites';
import { DeclinedBindingFilter } from './declined-binding.filter.js';
import { type SignedInRequest, SignedInGuard } from './signed-in.guard.js';

/** The pending binding of this client. */
function pendingBindingId(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<SignedInRequest>().login?.bindingId;
}

/** Connects further agents to a login: gives the client a page at LIME, and takes the one-time code of the callback. */
@Controller('api/agents')
@UseGuards(SignedInGuard)
export class AgentBindingsController {
  constructor(private readonly site: LimeSiteService) {}

  /** Gives the address of the page at LIME on which a person picks an agent. */
  @Post()
  async start(@Req() { login }: SignedInRequest): Promise<{ connectUrl: string }> {
    const redirectUri = `${process.env['PUBLIC_URL']}/api/agents/callback`;
    const { bindingId, connectUrl } = await this.site.createBindingRequest({ redirectUri });
    login.bindingId = bindingId;
    return { connectUrl };
  }

  @Get('callback')
  @UseGuards(BindingPassportGuard)
  @PassportPolicy({ requestId: pendingBindingId })
  @UseFilters(DeclinedBindingFilter)
  connected(
    @Passport('binding_id') bindingId: string,
    @Passport('agent_id') agentId: string,
    @Req() { login }: SignedInRequest,
  ): object {
    // During the exchange, the client may have started another binding.
    if (login.bindingId !== bindingId) throw new ConflictException();
    login.bindingId = undefined;
    login.agents.add(agentId);
    return { agents: [...login.agents] };
  }
}
