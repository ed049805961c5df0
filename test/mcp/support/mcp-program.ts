// A program for a process of its own: jest cannot load `@rekog/mcp-nest`, which is CommonJS and requires Nest 12, on Node 20.
import { Controller, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, type MicroserviceOptions } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  type McpContext,
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  StreamableHttpTransport,
  Tool,
} from '@rekog/mcp-nest';
import { LimeMcpModule, McpAgent, type McpTokenClaims, McpTokenGuard } from 'nestjs-lime-sites/mcp';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';

/** What the program prints, as one line of JSON. */
export interface Findings {
  agentIds: string[];
  /** The answers to calls that run at the same time, of each agent in turn. */
  answers: string[];
  refusals: Record<string, string>;
  /** At a server whose endpoint is open, and whose tool has the guard. */
  guardedTool: { withToken: string; withoutToken: string };
}

const DOMAIN = 'mcp.example.com';
const endpoint = new StreamableHttpTransport();
const openEndpoint = new StreamableHttpTransport();

@Controller('mcp')
@UseGuards(McpTokenGuard)
class Endpoint extends McpHttpControllerFor(endpoint) {}

@Controller('open/mcp')
class OpenEndpoint extends McpHttpControllerFor(openEndpoint) {}

@McpController({ server: 'closed' })
class Tools {
  @Tool({ name: 'ask', description: 'Answers which agent is calling.' })
  ask(@McpAgent('agent_id') agentId: string): object {
    return text(agentId);
  }
}

@McpController({ server: 'open' })
class GuardedTools {
  @Tool({ name: 'ask', description: 'Checks the token itself.' })
  @UseGuards(McpTokenGuard)
  ask(@McpAgent() { agent_id }: McpTokenClaims, @Ctx() context: McpContext): object {
    const { user } = context.getRawRequest<{ user?: string }>() ?? {};
    return text(`${agent_id} as ${user}`);
  }
}

function text(answer: string): object {
  return { content: [{ type: 'text', text: answer }] };
}

const lime = await LimeSandbox.start();
const { baseUrl } = lime;

@Module({
  imports: [
    LimeMcpModule.forRoot({ domain: DOMAIN, baseUrl, toUser: ({ jti }) => `user of ${jti}` }),
  ],
  controllers: [Endpoint, OpenEndpoint, Tools, GuardedTools],
})
class AppModule {}

const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, {
  logger: ['warn'],
  forceCloseConnections: true,
});
const servers = { closed: endpoint, open: openEndpoint };
for (const [server, transport] of Object.entries(servers)) {
  const strategy = new McpStrategy({
    name: server,
    logging: false, // the refusal of a tool is expected
    version: '1.0.0',
    server,
    transports: [transport],
  });
  app.connectMicroservice<MicroserviceOptions>({ strategy });
}
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();

async function ask(path: string, token?: string): Promise<string> {
  const client = new Client({ name: 'test-agent', version: '1.0.0' });
  try {
    const authProvider = { token: async () => Promise.resolve(token) };
    await client.connect(new StreamableHTTPClientTransport(new URL(url + path), { authProvider }));
    const { content } = await client.callTool({ name: 'ask' });
    return content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ');
  } catch (error) {
    return String(error);
  } finally {
    await client.close();
  }
}

const first = new SandboxAgent(lime);
const { agentId, agentToken } = lime.addAgent();
const second = new SandboxAgent({ baseUrl, agentToken });
const tokens = await Promise.all(
  [first, second, first, second].map((agent) => agent.mcpToken(DOMAIN)),
);
const findings: Findings = {
  agentIds: [lime.agent.agentId, agentId],
  answers: await Promise.all(tokens.map((token) => ask('/mcp', token))),
  refusals: {
    'no token': await ask('/mcp'),
    'another domain': await ask('/mcp', await first.mcpToken('other.example.com')),
    'a passport': await ask('/mcp', await lime.signPassport()),
  },
  guardedTool: {
    withToken: await ask('/open/mcp', await lime.signMcpToken(DOMAIN, { jti: 'j-1' })),
    withoutToken: await ask('/open/mcp'),
  },
};
process.stdout.write(`${JSON.stringify(findings)}\n`);
await app.close();
await lime.stop();
