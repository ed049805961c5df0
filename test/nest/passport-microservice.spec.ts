import type { AddressInfo, Server } from 'node:net';
import { Controller, type INestMicroservice, UseGuards } from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  TcpContext,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  fromBearer,
  fromMessage,
  LimeSiteService,
  LimeSitesModule,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { firstValueFrom } from 'rxjs';
import { CapturedLogs } from '../support/captured-logs.js';
import { useCleanup } from '../support/cleanup.js';
import { ownLogin } from '../support/own-login.js';
import { startSandbox } from '../support/start-sandbox.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const events: string[] = [];

@Controller()
class Messages {
  @MessagePattern('whoami')
  @UseGuards(PassportGuard)
  whoami(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @MessagePattern('whole')
  @UseGuards(PassportGuard)
  whole(
    @Passport() { valid, claims }: PassportVerificationResult,
    @Payload('note') note: string,
    @Ctx() context: TcpContext,
  ) {
    return { valid, agentId: claims.agent_id, note, pattern: context.getPattern() };
  }

  @MessagePattern('plain')
  @UseGuards(PassportGuard)
  plain({ note }: { note: string }) {
    return note;
  }

  @MessagePattern('unguarded')
  unguarded(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @MessagePattern('other-field')
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromMessage('pass') })
  otherField(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @MessagePattern('handshake')
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromBearer() })
  handshake() {
    return true;
  }

  @MessagePattern('strict')
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: () => false })
  strict() {
    return true;
  }

  @MessagePattern('once')
  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  once() {
    return true;
  }

  @MessagePattern('for-request')
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: { body: 'id' } })
  forRequest() {
    return true;
  }

  @MessagePattern('for-param')
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: { param: 'id' } })
  forParam() {
    return true;
  }

  @EventPattern('noted')
  @UseGuards(PassportGuard)
  noted(@Passport('request_id') requestId: string) {
    events.push(requestId);
  }
}

interface StartedService {
  readonly lime: LimeSandbox;
  readonly site: LimeSiteService;
  readonly logs: CapturedLogs;
  /** Sends a message, and gives the answer. */
  readonly ask: (pattern: string, message: unknown) => Promise<unknown>;
  /** Sends a message without an answer. */
  readonly emit: (pattern: string, message: unknown) => Promise<unknown>;
}

const MISSING = refusal(401, 'missing_token', 'A passport is required');
const INVALID = refusal(401, 'invalid_token', 'The passport is not valid here');
const UNCLEAR = refusal(
  400,
  'invalid_request',
  'The request must carry exactly one passport, and say what it is for',
);

describe('A guarded message of a microservice over TCP', () => {
  const closeLater = useCleanup();

  async function start(prepare?: (lime: LimeSandbox) => void): Promise<StartedService> {
    const lime = await startSandbox();
    closeLater(() => lime.stop());
    prepare?.(lime);
    const logs = new CapturedLogs();
    const module = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot(lime.moduleOptions())],
      controllers: [Messages],
    })
      .setLogger(logs)
      .compile();
    const service = module.createNestMicroservice({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: logs,
    });
    closeLater(() => service.close());
    await service.listen();
    const client = connect(portOf(service), closeLater);
    return { lime, logs, site: module.get(LimeSiteService), ...client };
  }

  it('gets the passport of the message', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    expect(await started.ask('whoami', { passport })).toBe(requestId);
    expect(await started.ask('whole', { passport, note: 'hello' })).toEqual({
      valid: true,
      agentId: started.lime.agent.agentId,
      note: 'hello',
      pattern: 'whole',
    });
    expect(await started.ask('plain', { passport, note: 'hello' })).toBe('hello');
  });

  it('gets the passport of its own message, not of an earlier one on the connection', async () => {
    const started = await start();
    const [one, other] = [await ownLogin(started), await ownLogin(started)];
    const answers = await Promise.all(
      [one, other, one].map(({ passport }) => started.ask('whoami', { passport })),
    );
    expect(answers).toEqual([one.requestId, other.requestId, one.requestId]);
    await expect(started.ask('whoami', {})).rejects.toEqual(MISSING);
  });

  it('leaves no passport for an unguarded one', async () => {
    const started = await start();
    const { passport } = await ownLogin(started);
    expect(await started.ask('plain', { passport, note: 'x' })).toBe('x');
    await expect(started.ask('unguarded', { passport })).rejects.toEqual({
      status: 'error',
      message: 'Internal server error',
    });
    expect(started.logs.toString()).toContain(
      '@Passport() in Messages.unguarded needs @UseGuards(PassportGuard)',
    );
  });

  it('finds the passport under another name where the policy sets from', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    expect(await started.ask('other-field', { pass: passport })).toBe(requestId);
    await expect(started.ask('other-field', { passport })).rejects.toEqual(MISSING);
  });

  it('has no handshake that can carry a passport', async () => {
    const started = await start();
    const { passport } = await ownLogin(started);
    const message = { passport, headers: { authorization: `Bearer ${passport}` } };
    await expect(started.ask('handshake', message)).rejects.toEqual(MISSING);
  });

  it.each([
    ['an object without it', {}],
    ['an empty one', { passport: '' }],
    ['a number for it', { passport: 7 }],
    ['a text', 'passport'],
    ['a list', ['passport']],
  ])('is refused with missing_token when the passport is %s', async (_, message) => {
    const { ask } = await start();
    await expect(ask('whoami', message)).rejects.toEqual(MISSING);
  });

  it('is refused with two passports', async () => {
    const started = await start();
    const { passport } = await ownLogin(started);
    const message = { passport: [passport, passport] };
    await expect(started.ask('whoami', message)).rejects.toEqual(UNCLEAR);
  });

  it('is refused without a reason', async () => {
    const { lime, ask } = await start();
    const bad = [
      'no.passport.atall',
      await lime.signPassport({}, { kid: 'unknown' }),
      await lime.signPassport({ request_id: 'lr_elsewhere' }),
      await lime.signPassport({}, { kind: 'binding' }),
    ];
    for (const passport of bad) await expect(ask('whoami', { passport })).rejects.toEqual(INVALID);
  });

  it('is refused by the policy', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const { ask } = started;
    await expect(ask('strict', { passport })).rejects.toEqual(
      refusal(403, 'access_denied', 'The passport does not meet the rules of this route'),
    );
    expect(await ask('for-request', { passport, id: requestId })).toBe(true);
    await expect(ask('for-request', { passport, id: 'lr_other' })).rejects.toEqual(INVALID);
    await expect(ask('for-request', { passport })).rejects.toEqual(UNCLEAR);
    await expect(ask('for-param', { passport, id: requestId })).rejects.toEqual(UNCLEAR);
    expect(await ask('once', { passport })).toBe(true);
    await expect(ask('once', { passport })).rejects.toEqual(INVALID);
  });

  it('is refused with keys_unavailable while the JWKS is unavailable', async () => {
    const { lime, ask } = await start(({ faults }) => faults.respond('jwks', { status: 500 }));
    await expect(ask('whoami', { passport: await lime.signPassport() })).rejects.toEqual(
      refusal(503, 'keys_unavailable', 'The passport cannot be verified at the moment; try again'),
    );
  });

  it('can be an event, which does not reach its handler when it is refused', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    await started.emit('noted', { passport: 'a.b.c' });
    await started.emit('noted', { passport });
    await until(() => events.length > 0);
    expect(events.splice(0)).toEqual([requestId]);
  });
});

describe('A guarded message beside HTTP in one application', () => {
  const closeLater = useCleanup(); // before the application
  const start = useStarter();

  it('is accepted and refused in the same way', async () => {
    const started = await start.site({ controllers: [Messages] });
    const service = started.app.connectMicroservice({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    await started.app.startAllMicroservices();
    closeLater(() => service.close());
    const { ask } = connect(portOf(service), closeLater);
    const { passport, requestId } = await ownLogin(started);
    expect(await ask('whoami', { passport })).toBe(requestId);
    await expect(ask('whoami', { passport: 'a.b.c' })).rejects.toEqual(INVALID);
  });
});

function connect(
  port: number,
  closeLater: (close: () => unknown) => void,
): Pick<StartedService, 'ask' | 'emit'> {
  const client: ClientProxy = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  closeLater(() => client.close());
  return {
    ask: (pattern, message) => firstValueFrom(client.send<unknown>(pattern, message)),
    emit: (pattern, message) =>
      firstValueFrom(client.emit<unknown>(pattern, message), { defaultValue: undefined }),
  };
}

function portOf(service: INestMicroservice): number {
  return (service.unwrap<Server>().address() as AddressInfo).port;
}

/** The exact answer, without a reason and without any part of the passport. */
function refusal(statusCode: number, code: string, message: string): object {
  return { status: 'error', statusCode, code, message };
}
