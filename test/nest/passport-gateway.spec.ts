import type { IncomingMessage } from 'node:http';
import { UseGuards } from '@nestjs/common';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  fromBearer,
  fromCookie,
  fromHandshakeAuth,
  fromHeader,
  fromMessage,
  fromQuery,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import {
  type Opening,
  SOCKET_PLATFORMS,
  type StartedGateway,
  useGatewayStarter,
} from '../support/start-gateway.js';

/** Keeps the request of the handshake for the guard. socket.io does so automatically, and `ws` does not. */
interface Client {
  upgradeReq?: IncomingMessage | undefined;
}

@WebSocketGateway()
class Gateway implements OnGatewayConnection<Client> {
  handleConnection(client: Client, request?: IncomingMessage): void {
    if (request) client.upgradeReq = request;
  }

  @SubscribeMessage('whoami')
  @UseGuards(PassportGuard)
  whoami(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('whole')
  @UseGuards(PassportGuard)
  whole(@Passport() { valid, claims }: PassportVerificationResult, @MessageBody() body: unknown) {
    return { event: 'you', data: { valid, agentId: claims.agent_id, body } };
  }

  @SubscribeMessage('guarded')
  @UseGuards(PassportGuard)
  guarded(@MessageBody() body: unknown) {
    return { event: 'body', data: body ?? 'nothing' };
  }

  @SubscribeMessage('plain')
  @UseGuards(PassportGuard)
  plain(_client: Client, body: unknown) {
    return { event: 'body', data: body ?? 'nothing' };
  }

  @SubscribeMessage('twice-guarded')
  @UseGuards(PassportGuard, PassportGuard)
  twiceGuarded(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('unguarded')
  unguarded(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('elsewhere')
  @UseGuards(PassportGuard)
  @PassportPolicy({
    from: [fromHeader(), fromQuery(), fromCookie('lime'), fromHandshakeAuth(), fromMessage()],
  })
  elsewhere(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('message')
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromMessage() })
  message(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('either')
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: [fromBearer(), fromMessage('pass')] })
  either(@Passport('request_id') requestId: string) {
    return { event: 'you', data: requestId };
  }

  @SubscribeMessage('strict')
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: () => false })
  strict() {
    return { event: 'in', data: true };
  }

  @SubscribeMessage('once')
  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  once() {
    return { event: 'in', data: true };
  }

  @SubscribeMessage('for-request')
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: { body: 'id' } })
  forRequest() {
    return { event: 'in', data: true };
  }

  @SubscribeMessage('for-query')
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: { query: 'id' } })
  forQuery() {
    return { event: 'in', data: true };
  }

  @SubscribeMessage('binding')
  @UseGuards(BindingPassportGuard)
  binding(@Passport('binding_id') bindingId: string) {
    return { event: 'bound', data: bindingId };
  }

  @SubscribeMessage('old-binding')
  @UseGuards(BindingPassportGuard)
  @PassportPolicy({ from: fromQuery() })
  oldBinding(@Passport('binding_id') bindingId: string) {
    return { event: 'bound', data: bindingId };
  }
}

const MISSING = refusal('missing_token', 'A passport is required');
const INVALID = refusal('invalid_token', 'The passport is not valid here');
const UNCLEAR = refusal(
  'invalid_request',
  'The request must carry exactly one passport, and say what it is for',
);

describe.each(SOCKET_PLATFORMS)('A guarded message over %s', (platform) => {
  const startGateway = useGatewayStarter();

  const start = (): Promise<StartedGateway> => startGateway(platform, Gateway);

  it('gets the passport of the handshake', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('whoami', {})).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('whole', { a: 1 })).toEqual({
      event: 'you',
      data: { valid: true, agentId: started.lime.agent.agentId, body: { a: 1 } },
    });
  });

  it.each([
    ['a text', 'hello'],
    ['an empty text', ''],
    ['a number', 0],
    ['a list', [1, { a: 2 }]],
    ['an object', { a: 1 }],
  ])('gets the passport and its own body when that is %s', async (_, body) => {
    const started = await start();
    const { passport } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    const { data } = await client.ask('whole', body);
    expect(data).toEqual({ valid: true, agentId: started.lime.agent.agentId, body });
    expect(await client.ask('guarded', body)).toEqual({ event: 'body', data: body });
    expect(await client.ask('plain', body)).toEqual({ event: 'body', data: body });
  });

  it('gets the passport without a body', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('whoami')).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('twice-guarded')).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('plain')).toEqual({ event: 'body', data: 'nothing' });
  });

  it.each([{ note: 'unchanged' }, 'text', undefined])(
    'leaves no passport for an unguarded message on the same connection: %j',
    async (body) => {
      const started = await start();
      const { passport } = await ownLogin(started);
      const client = await started.connect({ headers: bearer(passport) });
      expect(await client.ask('guarded', body)).toMatchObject({ event: 'body' });
      expect(await client.ask('unguarded', body)).toMatchObject({
        event: 'exception',
        data: { status: 'error', message: 'Internal server error' },
      });
      expect(started.logs.toString()).toContain(
        '@Passport() in Gateway.unguarded needs @UseGuards(PassportGuard)',
      );
    },
  );

  it('gets the passport of its own message, not of an earlier one on the connection', async () => {
    const started = await start();
    const [one, other] = [await ownLogin(started), await ownLogin(started)];
    const client = await started.connect();
    for (const { passport, requestId } of [one, other, one]) {
      const answer = await client.ask('message', { passport });
      expect(answer).toEqual({ event: 'you', data: requestId });
    }
    expect(await client.ask('message', {})).toEqual(MISSING);
  });

  it.each<[string, (passport: string) => Opening]>([
    ['a header', (passport) => ({ headers: { 'x-lime-passport': passport } })],
    ['the query', (passport) => ({ query: `?passport=${passport}` })],
    ['a cookie', (passport) => ({ headers: { cookie: `lime=${passport}` } })],
  ])('finds the passport in %s of the handshake', async (_, openingWith) => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect(openingWith(passport));
    expect(await client.ask('elsewhere', {})).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('elsewhere', { passport })).toEqual(UNCLEAR);
    expect(await client.ask('whoami', {})).toEqual(MISSING);
  });

  it('finds the passport in the message where the policy sets from', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect();
    expect(await client.ask('elsewhere', { passport })).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('either', { pass: passport })).toEqual({
      event: 'you',
      data: requestId,
    });
    expect(await client.ask('whoami', { passport })).toEqual(MISSING);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'passport'],
    ['null', null],
    ['an object without it', { pass: 'x' }],
    ['an empty one', { passport: '' }],
    ['a number for it', { passport: 1 }],
  ])('is refused with missing_token when the body is %s', async (_, body) => {
    const { connect } = await start();
    const client = await connect();
    expect(await client.ask('message', body)).toEqual(MISSING);
  });

  it('is refused with two passports', async () => {
    const started = await start();
    const { passport } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('either', { pass: passport })).toEqual(UNCLEAR);
    expect(await client.ask('message', { passport: [passport, passport] })).toEqual(UNCLEAR);
  });

  it('is refused without a reason, and the connection stays open', async () => {
    const started = await start();
    const { lime } = started;
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect();
    const bad = [
      'no.passport.atall',
      await lime.signPassport({ request_id: requestId }, { kid: 'unknown' }),
      await lime.signPassport({ request_id: requestId }, { audience: 'lime-binding' }),
      await lime.signPassport({ request_id: 'lr_elsewhere' }),
    ];
    for (const one of bad) {
      expect(await client.ask('message', { passport: one })).toEqual(INVALID);
    }
    expect(await client.ask('message', { passport })).toEqual({ event: 'you', data: requestId });
  });

  it('is refused by the policy', async () => {
    const started = await start();
    const { passport, requestId } = await ownLogin(started);
    const other = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('strict', {})).toEqual(
      refusal('access_denied', 'The passport does not meet the rules of this route'),
    );
    expect(await client.ask('for-request', { id: requestId })).toEqual({ event: 'in', data: true });
    expect(await client.ask('for-request', { id: other.requestId })).toEqual(INVALID);
    expect(await client.ask('for-request', {})).toEqual(UNCLEAR);
    expect(await client.ask('for-request', 'text')).toEqual(UNCLEAR);
    expect(await client.ask('for-query', { id: requestId })).toEqual(UNCLEAR);
  });

  it('is accepted once for a login with singleUse', async () => {
    const started = await start();
    const { passport } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('once', {})).toEqual({ event: 'in', data: true });
    expect(await client.ask('once', {})).toEqual(INVALID);
    const again = await started.connect({ headers: bearer(passport) });
    expect(await again.ask('once', {})).toEqual(INVALID);
  });

  it('is refused with keys_unavailable while the JWKS is unavailable', async () => {
    const { lime, connect } = await startGateway(platform, Gateway, {
      prepare: ({ faults }) => faults.respond('jwks', { status: 500 }),
    });
    const client = await connect();
    const passport = await lime.signPassport();
    expect(await client.ask('message', { passport })).toEqual(
      refusal('keys_unavailable', 'The passport cannot be verified at the moment; try again'),
    );
  });

  it('exchanges the binding code in the query of the handshake, once', async () => {
    const { lime, site, url, connect } = await start();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/callback` });
    const { code } = await lime.completeBinding(bindingId);
    const client = await connect({ query: `?binding_code=${code}` });
    expect(await client.ask('binding', {})).toEqual({ event: 'bound', data: bindingId });
    expect(await client.ask('binding', {})).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('is refused with missing_token when the handshake has a binding passport in place of a code', async () => {
    const { lime, site, url, connect } = await start();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/callback` });
    const passport = await lime.signPassport({ binding_id: bindingId }, { kind: 'binding' });
    const client = await connect({ query: `?passport=${passport}` });
    expect(await client.ask('binding', {})).toEqual(MISSING);
    expect(await client.ask('old-binding', {})).toEqual({ event: 'bound', data: bindingId });
    const login = await connect({ query: `?passport=${await lime.signPassport()}` });
    expect(await login.ask('old-binding', {})).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(0);
  });
});

describe('A guarded message over socket.io alone', () => {
  const startGateway = useGatewayStarter();

  it('finds the passport in auth of the client', async () => {
    const started = await startGateway('socket.io', Gateway);
    const { passport, requestId } = await ownLogin(started);
    const client = await started.connect({ auth: { passport } });
    expect(await client.ask('elsewhere')).toEqual({ event: 'you', data: requestId });
    expect(await client.ask('whoami')).toEqual(MISSING);
  });

  it('is refused with one in auth and one in the query', async () => {
    const started = await startGateway('socket.io', Gateway);
    const { passport } = await ownLogin(started);
    const client = await started.connect({ auth: { passport }, query: `?passport=${passport}` });
    expect(await client.ask('elsewhere')).toEqual(UNCLEAR);
  });
});

describe('A guarded message over ws alone', () => {
  const startGateway = useGatewayStarter();

  it('is refused with the same parameter twice in the URL', async () => {
    const { connect } = await startGateway('ws', Gateway);
    const client = await connect({ query: '?passport=a.b.c&passport=a.b.c' });
    expect(await client.ask('elsewhere', {})).toEqual(UNCLEAR);
  });

  it('finds no passport when the gateway does not keep the request', async () => {
    @WebSocketGateway()
    class ForgetfulGateway {
      @SubscribeMessage('whoami')
      @UseGuards(PassportGuard)
      whoami(@Passport('request_id') requestId: string) {
        return { event: 'you', data: requestId };
      }
    }
    const started = await startGateway('ws', ForgetfulGateway);
    const { passport } = await ownLogin(started);
    const client = await started.connect({ headers: bearer(passport) });
    expect(await client.ask('whoami', {})).toEqual(MISSING);
  });
});

/** The exact answer, without a reason and without any part of the passport. */
function refusal(code: string, message: string): object {
  return { event: 'exception', data: { status: 'error', code, message } };
}
