import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Req,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it, jest } from '@jest/globals';
import { Passport, PassportException, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { LimeMcpModule, McpAgent, McpTokenGuard, McpTokenVerifier } from 'nestjs-lime-sites/mcp';
import { SandboxAgent } from 'nestjs-lime-sites/testing';
import { ManualClock } from '../support/manual-clock.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';
import { callMcp, DOMAIN, METADATA_URL, startMcp } from './support/start-mcp.js';

@Controller()
class OtherRoutes {
  @Get('open')
  open(@McpAgent() agent: unknown): unknown {
    return agent;
  }

  @Get('passport')
  @UseGuards(McpTokenGuard)
  passport(@Passport() passport: unknown): unknown {
    return passport;
  }

  @Get('policy')
  @UseGuards(McpTokenGuard)
  @PassportPolicy({ allow: () => true })
  policy(): string {
    return 'reached';
  }

  @Get('user')
  @UseGuards(McpTokenGuard)
  user(@Req() request: { user?: unknown }): object {
    return { user: request.user ?? null };
  }
}

@Controller('logins')
@UseGuards(PassportGuard)
class LoginController {
  @Get()
  me(@Passport('agent_id') agentId: string): object {
    return { agentId };
  }
}

describe.each(HTTP_PLATFORMS)('McpTokenGuard on %s', (platform) => {
  const start = useStarter();

  it('lets an agent in with its token, and shows its claims to the handler', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, platform });
    const token = await new SandboxAgent(lime).mcpToken(DOMAIN);
    const { status, challenge, body } = await callMcp(url, token);

    expect([status, challenge]).toEqual([200, null]);
    expect(body).toEqual({
      agent: expect.objectContaining({ agent_id: lime.agent.agentId, domain: DOMAIN, aud: 'mcp' }),
      sub: lime.agent.agentId,
    });
  });

  it('refuses a request without a token, and says where the metadata is', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, platform });

    expect(await callMcp(url)).toEqual({
      status: 401,
      challenge: `Bearer resource_metadata="${METADATA_URL}"`,
      body: {
        statusCode: 401,
        error: 'Unauthorized',
        message: 'An MCP access token is required',
        code: 'missing_token',
      },
    });
    const basic = await fetch(`${url}/mcp`, { headers: { authorization: 'Basic YTpi' } });
    expect(basic.status).toBe(401);
    const inQuery = await callMcp(
      url,
      undefined,
      `/mcp?access_token=${await lime.signMcpToken(DOMAIN)}`,
    );
    expect(inQuery.status).toBe(401);
  });

  it('refuses a token for another domain, and passports, without a reason for the client', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, platform });
    const agent = new SandboxAgent(lime);

    for (const token of [
      await agent.mcpToken('other.example.com'),
      await lime.signPassport(),
      await lime.signPassport({}, { kind: 'binding' }),
      'nonsense',
    ]) {
      expect(await callMcp(url, token)).toEqual({
        status: 401,
        challenge: `Bearer error="invalid_token", resource_metadata="${METADATA_URL}"`,
        body: {
          statusCode: 401,
          error: 'Unauthorized',
          message: 'The MCP access token is not valid here',
          code: 'invalid_token',
        },
      });
    }
  });

  it('answers 503 without a challenge while the keys are unavailable', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500, times: Infinity });
    const { url } = await startMcp(start, { lime, platform });
    const { status, challenge, body } = await callMcp(url, await lime.signMcpToken(DOMAIN));

    expect([status, challenge, body['code']]).toEqual([503, null, 'keys_unavailable']);
    expect(body['message']).toBe(
      'The MCP access token cannot be verified at the moment; try again',
    );
  });

  it('adds the parameters of the option challenge', async () => {
    const lime = await start.lime();
    const challenge = { realm: 'tools', resource_metadata: 'https://cdn.example/metadata' };
    const { url } = await startMcp(start, { lime, platform, options: { challenge } });

    expect((await callMcp(url)).challenge).toBe(
      'Bearer resource_metadata="https://cdn.example/metadata", realm="tools"',
    );
  });

  it('sets request.user to what toUser makes of the agent', async () => {
    const lime = await start.lime();
    const options = {
      toUser: async ({ agent_id }: { agent_id: string }) => Promise.resolve({ id: agent_id }),
    };
    const { url } = await startMcp(start, { lime, platform, options, controllers: [OtherRoutes] });
    const { body } = await callMcp(url, await lime.signMcpToken(DOMAIN), '/user');

    expect(body).toEqual({ user: { id: lime.agent.agentId } });
  });

  it('leaves request.user alone without toUser', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, platform, controllers: [OtherRoutes] });
    const { body } = await callMcp(url, await lime.signMcpToken(DOMAIN), '/user');

    expect(body).toEqual({ user: null });
  });

  it('answers with the error of toUser, and does not let the request in', async () => {
    const lime = await start.lime();
    const toUser = () => {
      throw new ForbiddenException('not on the list');
    };
    const { url } = await startMcp(start, { lime, platform, options: { toUser } });
    const { status, body } = await callMcp(url, await lime.signMcpToken(DOMAIN));

    expect([status, body['message']]).toEqual([403, 'not on the list']);
  });

  it('works beside PassportGuard in one application: each refuses the tokens of the other', async () => {
    const lime = await start.lime();
    const mcp = LimeMcpModule.forRoot({ domain: DOMAIN, baseUrl: lime.baseUrl });
    const site = await start.site({
      lime,
      platform,
      imports: [mcp],
      controllers: [LoginController, OtherRoutes],
    });
    await lime.whenStreamOpen();
    const { requestId } = await site.site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    const token = await lime.signMcpToken(DOMAIN);
    const statusOf = async (path: string, jwt: string) =>
      (await callMcp(site.url, jwt, path)).status;

    expect(await statusOf('/logins', passport)).toBe(200);
    expect(await statusOf('/logins', token)).toBe(401);
    expect(await statusOf('/user', token)).toBe(200);
    expect(await statusOf('/user', passport)).toBe(401);
  });

  it('can be a global guard: clients still read the metadata without a token', async () => {
    const lime = await start.lime();
    const providers = [{ provide: APP_GUARD, useClass: McpTokenGuard }];
    const { url } = await startMcp(start, {
      lime,
      platform,
      providers,
      controllers: [OtherRoutes],
    });
    const token = await lime.signMcpToken(DOMAIN);

    expect((await callMcp(url, undefined, '/open')).status).toBe(401);
    expect((await callMcp(url, token, '/open')).body).toMatchObject({ domain: DOMAIN });
    const metadata = await callMcp(url, undefined, '/.well-known/oauth-protected-resource');
    expect(metadata.status).toBe(200);
  });
});

describe('McpTokenGuard', () => {
  const start = useStarter();

  it('finds the token beside a middleware that keeps the body in request.raw', async () => {
    const lime = await start.lime();
    @Module({})
    class RawBodyModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        const keepBody = (request: object, _response: unknown, next: () => void) => {
          Object.assign(request, { raw: Buffer.from('body') });
          next();
        };
        consumer.apply(keepBody).forRoutes('{*path}');
      }
    }
    const { url } = await startMcp(start, { lime, imports: [RawBodyModule] });

    expect((await callMcp(url, await lime.signMcpToken(DOMAIN))).status).toBe(200);
    expect((await callMcp(url)).status).toBe(401);
  });

  it('refuses a token 5 s after its end', async () => {
    const clock = new ManualClock();
    const lime = await start.lime({ clock });
    const { url } = await startMcp(start, { lime, clock });
    const token = await new SandboxAgent(lime).mcpToken(DOMAIN);

    clock.advance(304_000);
    expect((await callMcp(url, token)).status).toBe(200);
    clock.advance(2_000);
    expect((await callMcp(url, token)).body['code']).toBe('invalid_token');
  });

  it('keeps the reason in the cause of its exception, for filters and logs', async () => {
    const lime = await start.lime();
    const refused = jest.fn<(error: unknown) => void>();
    @Injectable()
    class LoggingGuard extends McpTokenGuard {
      protected override createException(
        ...[context, exception]: Parameters<McpTokenGuard['createException']>
      ) {
        refused(exception);
        return super.createException(context, exception);
      }
    }
    const providers = [{ provide: APP_GUARD, useClass: LoggingGuard }];
    const { url } = await startMcp(start, { lime, providers, controllers: [OtherRoutes] });
    await callMcp(url, await lime.signMcpToken('other.example.com'), '/open');

    expect(refused.mock.calls).toEqual([[expect.any(PassportException)]]);
    expect(refused.mock.calls[0]?.[0]).toMatchObject({
      code: 'invalid_token',
      cause: { code: 'PASSPORT_DOMAIN', actual: 'other.example.com' },
    });
  });

  it.each([
    ['/open', '@McpAgent() in OtherRoutes.open needs @UseGuards(McpTokenGuard)'],
    ['/passport', '@Passport() in OtherRoutes.passport needs @UseGuards(PassportGuard)'],
    [
      '/policy',
      '@PassportPolicy() is for passports, and OtherRoutes.policy is for MCP access tokens',
    ],
  ])('answers 500 at %s and logs the mistake in the set-up', async (path, message) => {
    const lime = await start.lime();
    const { url, logs } = await startMcp(start, { lime, controllers: [OtherRoutes] });

    expect((await callMcp(url, await lime.signMcpToken(DOMAIN), path)).status).toBe(500);
    expect(logs.toString()).toContain(message);
  });

  it('stops the start without LimeMcpModule', async () => {
    await expect(start.app({ controllers: [OtherRoutes] })).rejects.toMatchObject({
      code: 'MISSING_MODULE',
      message: expect.stringContaining('Import LimeMcpModule.forRoot({ domain })'),
    });
  });

  it('needs neither a site token nor an event stream', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime });
    await callMcp(url, await lime.signMcpToken(DOMAIN));

    expect(lime.calls.map(({ target, siteToken }) => [target, siteToken])).toEqual([
      ['jwks', false],
    ]);
    expect(lime.openStreams).toBe(0);
  });

  it('verifies with the keys that it fetched at the start', async () => {
    const lime = await start.lime();
    const { app, url } = await startMcp(start, { lime });
    const token = await lime.signMcpToken(DOMAIN);
    await app.get(McpTokenVerifier).verify(token);
    lime.faults.respond('jwks', { status: 500, times: Infinity });

    expect((await callMcp(url, token)).status).toBe(200);
    expect(lime.callCount('jwks')).toBe(1);
  });
});
