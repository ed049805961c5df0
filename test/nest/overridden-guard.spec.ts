import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  UseGuards,
} from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import { McpAgent, McpTokenGuard } from 'nestjs-lime-sites/mcp';
import { attachMcpAgent, attachPassport } from 'nestjs-lime-sites/testing';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { CapturedLogs } from '../support/captured-logs.js';
import { useCleanup } from '../support/cleanup.js';
import { HTTP_PLATFORMS } from '../support/start-site.js';

@Controller()
@UseGuards(PassportGuard)
class Routes {
  @Get('whole')
  whole(@Passport() passport: PassportVerificationResult) {
    return passport;
  }

  @Get('agent')
  agent(@Passport('agent_id') agentId: string) {
    return { agentId };
  }

  @Get('optional')
  @PassportPolicy({ optional: true })
  optional(@Passport() passport?: PassportVerificationResult) {
    return { passport: passport ?? null };
  }

  @Get('binding')
  @UseGuards(BindingPassportGuard)
  binding(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @MessagePattern('agent')
  onMessage(@Passport('agent_id') agentId: string) {
    return agentId;
  }
}

@Controller('mcp')
@UseGuards(McpTokenGuard)
class McpRoutes {
  @Get()
  agent(@McpAgent('sub') agentId: string) {
    return { agentId };
  }
}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('agent')
  @UseGuards(PassportGuard)
  onMessage(@Passport('agent_id') agentId: string) {
    return { event: 'you', data: agentId };
  }
}

const letIn: CanActivate = {
  canActivate: (context) => attachPassport(context, { agent_id: 'agent-1' }),
};

describe.each(HTTP_PLATFORMS)('A test that overrides a guard, on %s', (platform) => {
  const closeLater = useCleanup();

  async function start(guard: CanActivate) {
    const logs = new CapturedLogs();
    const module = await Test.createTestingModule({ controllers: [Routes, McpRoutes] })
      .overrideGuard(PassportGuard)
      .useValue(guard)
      .overrideGuard(BindingPassportGuard)
      .useValue({
        canActivate: (context: ExecutionContext) => attachPassport(context, { binding_id: 'b-1' }),
      })
      .overrideGuard(McpTokenGuard)
      .useValue({
        canActivate: (context: ExecutionContext) => attachMcpAgent(context, { sub: 'agent-2' }),
      })
      .setLogger(logs)
      .compile();
    const app =
      platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), { logger: logs })
        : module.createNestApplication({ logger: logs });
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const get = async (path: string) => {
      const answer = await fetch(`${url}/${path}`);
      return { status: answer.status, body: await answer.json() };
    };
    return { get, logs };
  }

  it('gives @Passport() the claims of attachPassport(), without LimeSitesModule', async () => {
    const { get } = await start(letIn);
    expect(await get('whole')).toEqual({
      status: 200,
      body: { valid: true, claims: { agent_id: 'agent-1' } },
    });
    expect(await get('agent')).toEqual({ status: 200, body: { agentId: 'agent-1' } });
  });

  it('gives @Passport() the claims of the last guard of the route', async () => {
    const { get } = await start(letIn);
    expect(await get('binding')).toEqual({ status: 200, body: { bindingId: 'b-1' } });
  });

  it('gives @McpAgent() the claims of attachMcpAgent(), without LimeMcpModule', async () => {
    const { get } = await start(letIn);
    expect(await get('mcp')).toEqual({ status: 200, body: { agentId: 'agent-2' } });
  });

  it('gives @Passport() nothing without claims, as an optional guard does', async () => {
    const { get } = await start({ canActivate: (context) => attachPassport(context) });
    expect(await get('optional')).toEqual({ status: 200, body: { passport: null } });
  });

  it('names attachPassport() in the log when the guard attached no passport', async () => {
    const { get, logs } = await start({ canActivate: () => true });
    expect(await get('agent')).toMatchObject({ status: 500 });
    expect(logs.toString()).toContain('attachPassport() of nestjs-lime-sites/testing');
  });
});

describe('A test that overrides the guard of a message', () => {
  const closeLater = useCleanup();

  it('gives @Passport() of a gateway the claims of attachPassport()', async () => {
    const module = await Test.createTestingModule({ providers: [Gateway] })
      .overrideGuard(PassportGuard)
      .useValue(letIn)
      .compile();
    const app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    const socket = new WebSocket((await app.getUrl()).replace('http', 'ws'));
    closeLater(() => socket.close());
    await once(socket, 'open');
    const answered = once(socket, 'message');
    socket.send(JSON.stringify({ event: 'agent' }));
    const [answer] = (await answered) as [Buffer];
    expect(JSON.parse(answer.toString())).toEqual({ event: 'you', data: 'agent-1' });
  });

  it('gives @Passport() of a microservice the claims of attachPassport()', async () => {
    const module = await Test.createTestingModule({ controllers: [Routes] })
      .overrideGuard(PassportGuard)
      .useValue(letIn)
      .overrideGuard(BindingPassportGuard)
      .useValue(letIn)
      .compile();
    const service = module.createNestMicroservice({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: false,
    });
    closeLater(() => service.close());
    await service.listen();
    expect(await askTcp(service.unwrap<Server>(), 'agent')).toBe('agent-1');
  });
});

async function askTcp(server: Server, pattern: string): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  try {
    return await firstValueFrom(client.send<unknown>(pattern, {}));
  } finally {
    await client.close();
  }
}
