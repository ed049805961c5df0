import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type ExecutionContext, UseGuards } from '@nestjs/common';
import { Args, Context, GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { describe, expect, it, jest } from '@jest/globals';
import { fromMessage, type LimeToUser, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { useCleanup } from '../support/cleanup.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { SOCKET_PLATFORMS, useGatewayStarter } from '../support/start-gateway.js';
import { useStarter } from '../support/start-site.js';
import { type GraphqlAnswer, SubscriptionClient } from '../support/subscription-client.js';

// The first application loads Apollo, which takes seconds on a busy machine.
jest.setTimeout(30_000);

interface WithRequest {
  readonly req: { user?: unknown };
}

function argumentOf(context: ExecutionContext): string | undefined {
  return context.getArgByIndex<{ passport?: string }>(1).passport;
}

@Resolver()
class Resolvers {
  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  me(@Context() { req }: WithRequest) {
    return req.user;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: argumentOf })
  async by(@Args('passport') _: string, @Context() { req }: WithRequest) {
    await Promise.resolve(); // another field's guard may end in between
    return req.user;
  }

  @Subscription(() => String)
  @UseGuards(PassportGuard)
  async *users(@Context() context: object) {
    yield { users: JSON.stringify(usersIn(context)) };
  }
}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('users')
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromMessage() })
  users(@ConnectedSocket() client: object) {
    return { event: 'users', data: 'user' in client };
  }
}

/** The users that a GraphQL context, or an object in it, has. */
function usersIn(context: object): unknown[] {
  return [context, ...Object.values(context)].filter(
    (value: unknown) => typeof value === 'object' && value !== null && 'user' in value,
  );
}

const agentOf: LimeToUser = ({ claims }) => claims.agent_id;

describe('The option toUser under Apollo', () => {
  const closeLater = useCleanup(); // before the application, which waits for the connection
  const start = useStarter();

  async function startGraphql(toUser: LimeToUser) {
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      graphiql: false,
      subscriptions: { 'graphql-ws': true },
    });
    const started = await start.site({
      imports: [graphql],
      providers: [Resolvers],
      options: { toUser },
    });
    const ask = async (query: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${started.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
      return (await answer.json()) as GraphqlAnswer;
    };
    return { ...started, ask };
  }

  it('fills user of the request in the context', async () => {
    const started = await startGraphql(agentOf);
    const { passport } = await ownLogin(started, { sub: 'agent-1' });
    expect(await started.ask('{ me again: me }', bearer(passport))).toEqual({
      data: { me: 'agent-1', again: 'agent-1' },
    });
  });

  it('accepts one passport for each operation, because its fields share the request', async () => {
    const started = await startGraphql(agentOf);
    const one = await ownLogin(started, { sub: 'agent-1' });
    const other = await ownLogin(started, { sub: 'agent-2' });
    const { data, errors } = await started.ask(
      `{ one: by(passport: "${one.passport}") other: by(passport: "${other.passport}") same: by(passport: "${one.passport}") }`,
    );
    expect(data).toEqual({ one: 'agent-1', other: null, same: 'agent-1' });
    expect(errors).toMatchObject([
      { path: ['other'], extensions: { originalError: { code: 'invalid_request' } } },
    ]);
    const next = await started.ask(`{ by(passport: "${other.passport}") }`);
    expect(next).toEqual({ data: { by: 'agent-2' } });
  });

  it('reserves nothing for a passport that is refused', async () => {
    const started = await startGraphql(agentOf);
    const { passport } = await ownLogin(started, { sub: 'agent-1' });
    const query = `{ forged: by(passport: "a.b.c") own: by(passport: "${passport}") }`;
    const { data, errors } = await started.ask(query);
    expect(data).toEqual({ forged: null, own: 'agent-1' });
    expect(errors).toHaveLength(1);
  });

  it('fails the field when it throws', async () => {
    const started = await startGraphql(() => {
      throw new Error('no database');
    });
    const { passport } = await ownLogin(started);
    const { data, errors } = await started.ask('{ me }', bearer(passport));
    expect(data).toEqual({ me: null });
    expect(errors).toHaveLength(1);
  });

  it('is not called for a subscription, whose connection outlives every passport', async () => {
    const toUser = jest.fn<LimeToUser>();
    const started = await startGraphql(toUser);
    const { passport } = await ownLogin(started);
    const headers = bearer(passport);
    const connection = await SubscriptionClient.open(started.url, { headers });
    closeLater(() => connection.close());
    expect(await connection.first('users')).toEqual({ data: { users: '[]' } });
    expect(toUser).not.toHaveBeenCalled();
  });
});

describe.each(SOCKET_PLATFORMS)('The option toUser in a gateway on %s', (platform) => {
  const start = useGatewayStarter();

  it('is not called for a message, because the connection outlives every passport', async () => {
    const toUser = jest.fn<LimeToUser>();
    const started = await start(platform, Gateway, { options: { toUser } });
    const { passport } = await ownLogin(started);
    const client = await started.connect();
    expect(await client.ask('users', { passport })).toEqual({ event: 'users', data: false });
    expect(toUser).not.toHaveBeenCalled();
  });
});
