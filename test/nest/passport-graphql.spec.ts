import { type ExecutionContext, UseGuards } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { Args, GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  fromBearer,
  fromHandshakeAuth,
  fromHeader,
  fromMessage,
  fromQuery,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import type { LimeSandbox, PassportClaimOverrides } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { type StartedSite, useStarter } from '../support/start-site.js';
import {
  type GraphqlAnswer,
  SubscriptionClient,
  type SubscriptionOpening,
} from '../support/subscription-client.js';

/** The LIME user whose agents the strict field accepts. */
const TRUSTED = 'the trusted user';

function idArgumentOf(context: ExecutionContext): string | undefined {
  return context.getArgByIndex<{ id?: string }>(1).id;
}

function passportArgumentOf(context: ExecutionContext): string | undefined {
  return context.getArgByIndex<{ passport?: string }>(1).passport;
}

@Resolver()
class Resolvers {
  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  agent(@Passport('agent_id') agentId: string) {
    return agentId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  whole(@Passport() { valid, claims }: PassportVerificationResult) {
    return `${valid} ${claims.request_id}`;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: ({ user_id }) => user_id === TRUSTED })
  strict(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ allowForeignLogins: true })
  any(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: idArgumentOf })
  login(@Args('id', { nullable: true }) id: string) {
    return id;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ requestId: { body: 'id' } })
  loginByBody(@Args('id') id: string) {
    return id;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: [fromHeader(), fromQuery()] })
  elsewhere(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(BindingPassportGuard)
  binding(@Passport('binding_id') bindingId: string) {
    return bindingId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: passportArgumentOf })
  byArgument(
    @Args('passport', { nullable: true }) _: string,
    @Passport('request_id') requestId: string,
  ) {
    return requestId;
  }

  @Query(() => String, { nullable: true })
  @UseGuards(PassportGuard, PassportGuard)
  @PassportPolicy({ singleUse: true })
  once(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @Query(() => String, { nullable: true })
  open() {
    return 'open';
  }

  @Query(() => String, { nullable: true })
  unguarded(@Passport('request_id') requestId: string) {
    return requestId;
  }

  @Subscription(() => String)
  @UseGuards(PassportGuard)
  async *byHeader(@Passport('request_id') requestId: string) {
    yield { byHeader: requestId };
  }

  @Subscription(() => String)
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromHandshakeAuth() })
  async *byParameter(@Passport('request_id') requestId: string) {
    yield { byParameter: requestId };
  }

  @Subscription(() => String)
  @UseGuards(PassportGuard)
  @PassportPolicy({ from: fromQuery() })
  async *byQuery(@Passport('request_id') requestId: string) {
    yield { byQuery: requestId };
  }

  @Subscription(() => String)
  async *withoutGuard(@Passport('request_id') requestId: string) {
    yield { withoutGuard: requestId };
  }
}

describe('A guarded resolver under Apollo', () => {
  const start = useStarter();

  it('gets the verified passport, or one claim of it', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const { data, errors } = await ask(started, '{ agent whole }', bearer(passport));
    expect(errors).toBeUndefined();
    expect(data).toEqual({ agent: started.lime.agent.agentId, whole: `true ${requestId}` });
  });

  it('is refused without a passport, and does not affect other fields', async () => {
    const started = await startGraphql(start);
    const { data, errors } = await ask(started, '{ agent open }');
    expect(data).toEqual({ agent: null, open: 'open' });
    expect(errors).toMatchObject([
      {
        message: 'A passport is required',
        path: ['agent'],
        extensions: {
          code: 'UNAUTHENTICATED',
          originalError: { statusCode: 401, code: 'missing_token' },
        },
      },
    ]);
  });

  it('is refused without a reason when the passport is not valid', async () => {
    const started = await startGraphql(start);
    const { lime } = started;
    const foreign = await lime.signPassport({ request_id: 'lr_elsewhere' });
    for (const passport of ['no.passport.atall', foreign]) {
      const answer = await ask(started, '{ agent }', bearer(passport));
      expect(answer.data).toEqual({ agent: null });
      expect(answer.errors).toMatchObject([
        {
          message: 'The passport is not valid here',
          extensions: { code: 'UNAUTHENTICATED', originalError: { code: 'invalid_token' } },
        },
      ]);
      const words = JSON.stringify(answer);
      for (const reason of ['PASSPORT_', 'neither started', 'lr_elsewhere', passport]) {
        expect(words).not.toContain(reason);
      }
    }
  });

  it('has its own policy beside other fields of the same query', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const query = '{ strict whole any again: strict }';
    const { data, errors } = await ask(started, query, bearer(passport));
    expect(data).toEqual({ strict: null, whole: `true ${requestId}`, any: requestId, again: null });
    const refused = {
      message: 'The passport does not meet the rules of this route',
      extensions: {
        code: 'FORBIDDEN',
        originalError: { statusCode: 403, code: 'access_denied' },
      },
    };
    expect(errors).toHaveLength(2);
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ message: refused.message, path: ['strict'] }),
        expect.objectContaining({ message: refused.message, path: ['again'] }),
      ]),
    );
    for (const error of errors ?? []) expect(error).toMatchObject(refused);
  });

  it('can accept passports that another field refuses', async () => {
    const started = await startGraphql(start);
    const foreign = await started.lime.signPassport({ request_id: 'lr_elsewhere' });
    const { data, errors } = await ask(started, '{ agent any }', bearer(foreign));
    expect(data).toEqual({ agent: null, any: 'lr_elsewhere' });
    expect(errors).toMatchObject([{ path: ['agent'], extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it('compares the request id with an argument by a function', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const query = `{ own: login(id: "${requestId}") other: login(id: "lr_other") none: login }`;
    const { data, errors } = await ask(started, query, bearer(passport));
    expect(data).toEqual({ own: requestId, other: null, none: null });
    expect(
      Object.fromEntries(
        errors?.map(({ path, extensions }) => [path?.[0], extensions?.code]) ?? [],
      ),
    ).toEqual({ other: 'UNAUTHENTICATED', none: 'BAD_REQUEST' });
  });

  it('has no body for a comparison', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const query = `{ loginByBody(id: "${requestId}") }`;
    const { errors } = await ask(started, query, bearer(passport));
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  it('finds the passport in another header, or in the query of the URL', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const header = { 'x-lime-passport': passport };
    const inHeader = await ask(started, '{ elsewhere }', header);
    expect(inHeader.data).toEqual({ elsewhere: requestId });
    const inQuery = await ask(started, '{ elsewhere }', {}, `?passport=${passport}`);
    expect(inQuery.data).toEqual({ elsewhere: requestId });
    const twice = await ask(started, '{ elsewhere }', header, `?passport=${passport}`);
    expect(twice.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  it('exchanges a binding code', async () => {
    const started = await startGraphql(start);
    const { bindingId, search } = await completedBinding(started);
    const { data } = await ask(started, '{ binding }', {}, search);
    expect(data).toEqual({ binding: bindingId });
  });

  it('never gets the passport that the guard of another field verified', async () => {
    const started = await startGraphql(start);
    const login = await ownLogin(started, { sub: 'the agent of the header' });
    const trusted = await ownLogin(started, { sub: 'the trusted agent', user_id: TRUSTED });
    const { bindingId, search } = await completedBinding(started, { sub: 'the bound agent' });
    const headers = { ...bearer(login.passport), 'x-lime-passport': trusted.passport };
    // The exchange takes longest, so the other guards attach their passports first.
    const query = '{ agent elsewhere whole strict binding }';
    const { data, errors } = await ask(started, query, headers, search);
    expect(data).toEqual({
      agent: 'the agent of the header',
      elsewhere: trusted.requestId,
      whole: `true ${login.requestId}`,
      strict: null,
      binding: bindingId,
    });
    expect(errors).toMatchObject([
      { path: ['strict'], extensions: { code: 'FORBIDDEN', originalError: { statusCode: 403 } } },
    ]);
  });

  it('gets its own passport under each alias of one field', async () => {
    const started = await startGraphql(start);
    const [one, other] = [await ownLogin(started), await ownLogin(started)];
    const query = `{
      one: byArgument(passport: "${one.passport}")
      again: byArgument(passport: "${one.passport}")
      forged: byArgument(passport: "a.b.c")
      other: byArgument(passport: "${other.passport}")
      none: byArgument
    }`;
    const { data, errors } = await ask(started, query, bearer(one.passport));
    expect(data).toEqual({
      one: one.requestId,
      again: one.requestId,
      forged: null,
      other: other.requestId,
      none: null,
    });
    const codes = errors?.map(({ path, extensions }) => [path?.[0], extensions?.originalError]);
    expect(Object.fromEntries(codes ?? [])).toMatchObject({
      forged: { code: 'invalid_token' },
      none: { code: 'missing_token' },
    });
  });

  it('leaves no passport for an unguarded field of the same operation, in any order', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    for (const query of ['{ whole unguarded }', '{ unguarded whole }']) {
      const { data, errors } = await ask(started, query, bearer(passport));
      expect(data).toEqual({ whole: `true ${requestId}`, unguarded: null });
      expect(errors).toMatchObject([
        {
          path: ['unguarded'],
          message: expect.stringContaining('needs @UseGuards(PassportGuard)'),
        },
      ]);
    }
  });

  it('counts a login with singleUse once for all fields of an operation', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    await started.site.verifyPassport(passport); // so that neither field waits for the JWKS, and the first one comes first
    const { data, errors } = await ask(started, '{ a: once b: once }', bearer(passport));
    expect(data).toEqual({ a: requestId, b: null });
    expect(errors).toMatchObject([
      { path: ['b'], extensions: { originalError: { code: 'invalid_token' } } },
    ]);
  });

  it('is refused with keys_unavailable while the JWKS is unavailable', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500 });
    const started = await startGraphql(start, {}, lime);
    const { errors } = await ask(started, '{ any }', bearer(await lime.signPassport()));
    expect(errors).toMatchObject([
      {
        message: 'The passport cannot be verified at the moment; try again',
        extensions: { status: 503, originalError: { code: 'keys_unavailable' } },
      },
    ]);
  });

  it('fails with a clear error for @Passport() without a guard', async () => {
    const started = await startGraphql(start);
    const { passport } = await ownLogin(started);
    const { errors } = await ask(started, '{ unguarded }', bearer(passport));
    expect(errors).toMatchObject([
      { message: expect.stringContaining('@Passport() in Resolvers.unguarded needs @UseGuards') },
    ]);
  });
});

describe('A guarded subscription under Apollo', () => {
  const closeLater = useCleanup(); // before the application, which waits for the connection
  const start = useStarter();

  async function open({ url }: StartedSite, opening: SubscriptionOpening = {}) {
    const connection = await SubscriptionClient.open(url, opening);
    closeLater(() => connection.close());
    return connection;
  }

  it('gets the passport of its connection, from the header', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const connection = await open(started, { headers: bearer(passport) });
    expect(await connection.first('byHeader')).toEqual({ data: { byHeader: requestId } });
  });

  it('gets the passport of its connection, from the connection parameters', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const connection = await open(started, { parameters: { passport } });
    expect(await connection.first('byParameter')).toEqual({ data: { byParameter: requestId } });
  });

  it('gets the passport of its connection, from the query of the URL', async () => {
    const started = await startGraphql(start);
    const { passport, requestId } = await ownLogin(started);
    const connection = await open(started, { search: `?passport=${passport}` });
    expect(await connection.first('byQuery')).toEqual({ data: { byQuery: requestId } });
  });

  it('gets the passport of its connection when the application makes the context', async () => {
    const started = await startGraphql(start, {
      context: ({ req, extra, connectionParams }: Record<string, unknown>) => ({
        ...(req !== undefined && { req }),
        ...(extra !== undefined && { extra, connectionParams }),
      }),
    });
    const { passport, requestId } = await ownLogin(started);
    const parameters = { passport };
    const connection = await open(started, { parameters, headers: bearer(passport) });
    expect(await connection.first('byParameter')).toEqual({ data: { byParameter: requestId } });
    expect(await connection.first('byHeader')).toEqual({ data: { byHeader: requestId } });
  });

  it.each(['byHeader', 'byParameter', 'byQuery'])(
    'is refused without a passport: %s',
    async (field) => {
      const started = await startGraphql(start);
      const connection = await open(started);
      expect(await connection.first(field)).toMatchObject({
        errors: [{ message: 'A passport is required' }],
      });
    },
  );

  it('leaves no passport for an unguarded one on the same connection', async () => {
    const started = await startGraphql(start);
    const { passport } = await ownLogin(started);
    const connection = await open(started, { headers: bearer(passport) });
    await connection.first('byHeader');
    expect(await connection.first('withoutGuard')).toMatchObject({
      errors: [{ message: expect.stringContaining('needs @UseGuards(PassportGuard)') }],
    });
  });
});

describe('The context of another GraphQL driver', () => {
  function contextWith(graphql: unknown): ExecutionContext {
    const context = new ExecutionContextHost([undefined, {}, graphql, {}]);
    context.setType('graphql');
    return context;
  }

  it('can name the request in its own way', () => {
    const request = { headers: bearer('a.b.c'), query: { passport: 'd.e.f' } };
    for (const name of ['req', 'request']) {
      const context = contextWith({ [name]: request });
      expect(fromBearer()(context)).toEqual('a.b.c');
      expect(fromQuery()(context)).toEqual(['d.e.f']);
    }
  });

  it.each([undefined, {}, { req: null }, { req: 'text' }, { req: {} }, { extra: {} }])(
    'can have no request: %j',
    (graphql) => {
      const context = contextWith(graphql);
      for (const find of [fromBearer(), fromQuery(), fromHandshakeAuth(), fromMessage()]) {
        expect(find(context) ?? []).toEqual([]);
      }
    },
  );
});

function startGraphql(
  start: ReturnType<typeof useStarter>,
  options: Partial<ApolloDriverConfig> = {},
  lime?: LimeSandbox,
): Promise<StartedSite> {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    graphiql: false,
    subscriptions: { 'graphql-ws': true },
    ...options,
  });
  return start.site({ imports: [graphql], providers: [Resolvers], ...(lime && { lime }) });
}

/** Completes a binding of the site. Gives it with the query of the callback. */
async function completedBinding(
  { lime, site, url }: StartedSite,
  claims?: PassportClaimOverrides,
): Promise<{ bindingId: string; search: string }> {
  const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/callback` });
  const { callbackUrl } = await lime.completeBinding(bindingId, claims);
  return { bindingId, search: new URL(callbackUrl).search };
}

async function ask(
  { url }: StartedSite,
  query: string,
  headers: Record<string, string> = {},
  search = '',
): Promise<GraphqlAnswer> {
  const answer = await fetch(`${url}/graphql${search}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()) as GraphqlAnswer;
}
