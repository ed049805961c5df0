import { Controller, Get, UseGuards } from '@nestjs/common';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import {
  LimeMcpModule,
  type LimeMcpModuleExtras,
  type LimeMcpModuleOptions,
  McpAgent,
  type McpTokenClaims,
  McpTokenGuard,
} from 'nestjs-lime-sites/mcp';
import type { AppSetup, StartedApp, Starter } from '../../support/start-site.js';

/** Tests reach the application under this address, and its own domain is another one, as behind a proxy. */
export const DOMAIN = 'mcp.example.com';
export const METADATA_URL = `https://${DOMAIN}/.well-known/oauth-protected-resource`;

@Controller('mcp')
@UseGuards(McpTokenGuard)
class EndpointController {
  @Get()
  agent(@McpAgent() agent: McpTokenClaims, @McpAgent('sub') sub: string): object {
    return { agent, sub };
  }
}

export interface McpSetup extends AppSetup {
  lime: LimeSandbox;
  options?: Partial<LimeMcpModuleOptions> & LimeMcpModuleExtras;
}

/** An application that serves MCP and nothing else: it has no site token. */
export function startMcp(
  start: Starter,
  { lime, options, ...setup }: McpSetup,
): Promise<StartedApp> {
  return start.app({
    controllers: [EndpointController],
    ...setup,
    imports: [
      LimeMcpModule.forRoot({ domain: DOMAIN, baseUrl: lime.baseUrl, ...options }),
      ...(setup.imports ?? []),
    ],
  });
}

/** Calls the guarded endpoint. */
export async function callMcp(
  url: string,
  token?: string,
  path = '/mcp',
): Promise<{
  status: number;
  challenge: string | null;
  body: Record<string, unknown>;
}> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url + path, { headers });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: (await response.json()) as Record<string, unknown>,
  };
}
