import { Controller, UseGuards } from '@nestjs/common';
import {
  type CustomTransportStrategy,
  MessagePattern,
  type MicroserviceOptions,
  Server,
} from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { McpAgent, McpTokenGuard } from 'nestjs-lime-sites/mcp';
import { firstValueFrom } from 'rxjs';
import { useStarter } from '../support/start-site.js';
import { DOMAIN, startMcp } from './support/start-mcp.js';

@Controller()
class Tools {
  @MessagePattern('who_am_i')
  @UseGuards(McpTokenGuard)
  whoAmI(@McpAgent('agent_id') agentId: string): string {
    return agentId;
  }

  @MessagePattern('unguarded')
  unguarded(@McpAgent() agent: unknown): unknown {
    return agent;
  }
}

/** Calls the handlers with any context. */
class DirectCalls extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }

  close(): void {}
  on(): void {}

  unwrap(): never {
    throw new Error('it has no server');
  }

  async call(pattern: string, context: unknown): Promise<unknown> {
    const handler = this.getHandlerByPattern(pattern);
    return firstValueFrom(this.transformToObservable(await handler?.({}, context)));
  }
}

describe('A microservice whose messages come with HTTP requests', () => {
  const start = useStarter();

  async function serve() {
    const lime = await start.lime();
    const { app, logs } = await startMcp(start, { lime, controllers: [Tools] });
    const strategy = new DirectCalls();
    app.connectMicroservice<MicroserviceOptions>({ strategy });
    await app.startAllMicroservices();
    return { lime, strategy, logs };
  }

  function contextOf(headers: Record<string, string>) {
    const request = { headers };
    return { getRawRequest: () => request };
  }

  it('knows the agent by the token of the request', async () => {
    const { lime, strategy } = await serve();
    const authorization = `Bearer ${await lime.signMcpToken(DOMAIN)}`;

    expect(await strategy.call('who_am_i', contextOf({ authorization }))).toBe(lime.agent.agentId);
  });

  it.each([
    ['without a token', contextOf({})],
    ['with a context that has no request', { getRawRequest: () => undefined }],
    ['of another transport', { getPattern: () => 'who_am_i' }],
    ['without a context', undefined],
  ])('refuses a message %s', async (_case, context) => {
    const { strategy } = await serve();

    await expect(strategy.call('who_am_i', context)).rejects.toEqual({
      status: 'error',
      statusCode: 401,
      code: 'missing_token',
      message: 'An MCP access token is required',
    });
  });

  it('does not give an agent to a handler without the guard', async () => {
    const { lime, strategy, logs } = await serve();
    const authorization = `Bearer ${await lime.signMcpToken(DOMAIN)}`;

    await expect(strategy.call('unguarded', contextOf({ authorization }))).rejects.toMatchObject({
      message: 'Internal server error',
    });
    expect(logs.toString()).toContain('@McpAgent() in Tools.unguarded needs');
  });
});
