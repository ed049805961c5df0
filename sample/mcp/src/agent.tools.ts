import { McpController, Tool } from '@rekog/mcp-nest';
import { McpAgent, type McpTokenClaims } from 'nestjs-lime-sites/mcp';

@McpController()
export class AgentTools {
  @Tool({ name: 'who_am_i', description: 'Answers which agent is calling.' })
  whoAmI(@McpAgent() { agent_id, domain }: McpTokenClaims): object {
    const text = `You are agent ${agent_id}, and your token is for ${domain}.`;
    return { content: [{ type: 'text', text }] };
  }
}
