import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { Controller, type ExecutionContext, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  fromBearer,
  fromCookie,
  fromHandshakeAuth,
  fromHeader,
  fromMessage,
  fromQuery,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useSharedSite } from '../support/start-site.js';

function fromTwoHeaders(context: ExecutionContext): string[] {
  const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
  return [headers['x-first'], headers['x-second']]
    .map(String)
    .filter((text) => text !== 'undefined');
}

function fromRawHeader(context: ExecutionContext): string | undefined {
  const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
  return headers['x-raw']?.toString();
}

@Controller()
@UseGuards(PassportGuard)
class Routes {
  @Get('by-default')
  byDefault(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('bearer')
  @PassportPolicy({ from: fromBearer() })
  bearer(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('header')
  @PassportPolicy({ from: fromHeader() })
  header(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('other-header')
  @PassportPolicy({ from: fromHeader('X-Agent-PASS') })
  otherHeader(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('query')
  @PassportPolicy({ from: fromQuery() })
  query(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('other-query')
  @PassportPolicy({ from: fromQuery('token') })
  otherQuery(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('cookie')
  @PassportPolicy({ from: fromCookie('lime') })
  cookie(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('function')
  @PassportPolicy({ from: fromRawHeader })
  ownFunction(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('function-for-two')
  @PassportPolicy({ from: [fromTwoHeaders] })
  ownFunctionForTwo(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('several')
  @PassportPolicy({ from: [fromBearer(), fromHeader(), fromQuery(), fromCookie('lime')] })
  several(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('sockets-only')
  @PassportPolicy({ from: [fromMessage(), fromHandshakeAuth()] })
  socketsOnly() {
    return {};
  }
}

/** A call. `$` stands for the passport. */
interface Call {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const MISSING = { status: 401, code: 'missing_token' };
const INVALID = { status: 401, code: 'invalid_token' };
const TOO_MANY = { status: 400, code: 'invalid_request' };

describe.each(HTTP_PLATFORMS)('A guard on %s', (platform) => {
  const site = useSharedSite({ platform, controllers: [Routes] });

  /** The answer to the call with a valid passport. */
  async function answerTo(call: Call): Promise<object> {
    const { passport, requestId } = await ownLogin(site());
    const { status, body } = await send(site().url, call, passport);
    if (status !== 200) return { status, code: body.code };
    expect(body).toEqual({ requestId });
    return { status };
  }

  it.each<[string, Call]>([
    [
      'the bearer header, by default',
      { path: 'by-default', headers: { authorization: 'Bearer $' } },
    ],
    ['the bearer header', { path: 'bearer', headers: { authorization: 'Bearer $' } }],
    [
      'the bearer header in small letters',
      { path: 'bearer', headers: { authorization: 'bearer $' } },
    ],
    ['the bearer header in capitals', { path: 'bearer', headers: { authorization: 'BEARER $' } }],
    [
      'the bearer header behind spaces',
      { path: 'bearer', headers: { authorization: 'Bearer    $' } },
    ],
    ['a header of its own', { path: 'header', headers: { 'X-Lime-Passport': '$' } }],
    ['that header in any case', { path: 'header', headers: { 'x-LIME-passport': '$' } }],
    ['a header of another name', { path: 'other-header', headers: { 'x-agent-pass': '$' } }],
    ['the query', { path: 'query?passport=$' }],
    ['the query, beside an empty one', { path: 'query?passport=&passport=$' }],
    ['the query under another name', { path: 'other-query?token=$' }],
    ['the cookie', { path: 'cookie', headers: { cookie: 'lime=$' } }],
    ['the cookie among others', { path: 'cookie', headers: { cookie: 'a=1; lime=$; b=2' } }],
    ['the cookie without spaces', { path: 'cookie', headers: { cookie: 'a=1;lime=$;b=2' } }],
    ['the quoted cookie', { path: 'cookie', headers: { cookie: 'a="1"; lime="$"' } }],
    [
      'the cookie in one of two headers',
      { path: 'cookie', headers: { cookie: ['a=1', 'lime=$'] } },
    ],
    ['the cookie, beside an empty one', { path: 'cookie', headers: { cookie: 'lime=; lime=$' } }],
    ['the cookie, beside odd ones', { path: 'cookie', headers: { cookie: ';; =; x; lime=$' } }],
    ['the place of a function', { path: 'function', headers: { 'x-raw': '$' } }],
    [
      'the places of a function that finds several',
      { path: 'function-for-two', headers: { 'x-second': '$' } },
    ],
    ['the first of several places', { path: 'several', headers: { authorization: 'Bearer $' } }],
    ['the second of several places', { path: 'several', headers: { 'x-lime-passport': '$' } }],
    ['the third of several places', { path: 'several?passport=$' }],
    ['the last of several places', { path: 'several', headers: { cookie: 'lime=$' } }],
    [
      'one of several places, when another scheme authorizes too',
      { path: 'several?passport=$', headers: { authorization: 'Basic dXNlcjpwYXNz' } },
    ],
  ])('finds the passport in %s', async (_, call) => {
    expect(await answerTo(call)).toEqual({ status: 200 });
  });

  it.each<[string, Call]>([
    ['an empty Authorization header', { path: 'bearer', headers: { authorization: '' } }],
    ['a scheme alone', { path: 'bearer', headers: { authorization: 'Bearer ' } }],
    ['no space behind the scheme', { path: 'bearer', headers: { authorization: 'Bearer$' } }],
    ['a tab behind the scheme', { path: 'bearer', headers: { authorization: 'Bearer\t$' } }],
    ['another scheme', { path: 'bearer', headers: { authorization: 'Basic $' } }],
    ['a scheme that ends alike', { path: 'bearer', headers: { authorization: 'XBearer $' } }],
    ['no scheme', { path: 'bearer', headers: { authorization: '$' } }],
    ['something behind the passport', { path: 'bearer', headers: { authorization: 'Bearer $ x' } }],
    ['an empty header', { path: 'header', headers: { 'x-lime-passport': '' } }],
    ['no query', { path: 'query' }],
    ['an empty query parameter', { path: 'query?passport=' }],
    ['a query parameter in another case', { path: 'query?Passport=$' }],
    ['a query parameter with brackets', { path: 'query?passport[x]=$' }],
    ['no cookie', { path: 'cookie' }],
    ['an empty cookie', { path: 'cookie', headers: { cookie: 'lime=' } }],
    ['an empty quoted cookie', { path: 'cookie', headers: { cookie: 'lime=""' } }],
    ['a cookie without a value', { path: 'cookie', headers: { cookie: 'lime' } }],
    ['a cookie in another case', { path: 'cookie', headers: { cookie: 'LIME=$' } }],
    ['a cookie of a longer name', { path: 'cookie', headers: { cookie: 'xlime=$; limex=$' } }],
    ['a cookie inside of another', { path: 'cookie', headers: { cookie: 'x=lime=$' } }],
    ['a function that finds nothing', { path: 'function' }],
    ['a function that finds an empty text', { path: 'function', headers: { 'x-raw': '' } }],
    ['a function that finds an empty list', { path: 'function-for-two' }],
    ['several places', { path: 'several' }],
  ])('answers 401 without a passport: %s', async (_, call) => {
    expect(await answerTo(call)).toEqual(MISSING);
  });

  it.each<[string, Call]>([
    ['another header', { path: 'bearer', headers: { 'x-lime-passport': '$' } }],
    ['the query', { path: 'by-default?passport=$&access_token=$' }],
    ['a cookie', { path: 'by-default', headers: { cookie: 'passport=$; lime=$' } }],
    ['the default place', { path: 'header', headers: { authorization: 'Bearer $' } }],
    ['the usual name', { path: 'other-header', headers: { 'x-lime-passport': '$' } }],
    ['the usual parameter', { path: 'other-query?passport=$' }],
    [
      'all places of HTTP',
      { path: 'sockets-only?passport=$', headers: { authorization: 'Bearer $' } },
    ],
  ])('looks only in the configured places, and not in %s', async (_, call) => {
    expect(await answerTo(call)).toEqual(MISSING);
  });

  it.each<[string, Call]>([
    [
      'the header',
      {
        path: 'by-default?passport=a.b.c',
        headers: { authorization: 'Bearer $', cookie: 'lime=a' },
      },
    ],
    ['the query', { path: 'query?passport=$', headers: { authorization: 'Bearer a.b.c' } }],
    ['a cookie', { path: 'cookie?passport=a.b.c', headers: { cookie: 'lime=$; passport=a.b.c' } }],
  ])('finds the passport in %s beside tokens in other places', async (_, call) => {
    expect(await answerTo(call)).toEqual({ status: 200 });
  });

  it.each<[string, Call]>([
    [
      'header and query',
      { path: 'several?passport=a.b.c', headers: { authorization: 'Bearer $' } },
    ],
    [
      'header and header',
      { path: 'several', headers: { authorization: 'Bearer $', 'x-lime-passport': 'a.b.c' } },
    ],
    ['query and cookie', { path: 'several?passport=$', headers: { cookie: 'lime=a.b.c' } }],
    ['twice in the query', { path: 'query?passport=$&passport=a.b.c' }],
    ['two cookies of the name', { path: 'cookie', headers: { cookie: 'lime=$; lime=a.b.c' } }],
    ['two cookie headers', { path: 'cookie', headers: { cookie: ['lime=$', 'lime=a.b.c'] } }],
    ['two headers of the name', { path: 'header', headers: { 'x-lime-passport': ['$', 'a.b.c'] } }],
    ['a function', { path: 'function-for-two', headers: { 'x-first': '$', 'x-second': 'a.b.c' } }],
  ])('answers 400 to two passports: %s', async (_, call) => {
    expect(await answerTo(call)).toEqual(TOO_MANY);
  });

  it.each<[string, Call]>([
    ['header and query', { path: 'several?passport=$', headers: { authorization: 'Bearer $' } }],
    [
      'header and cookie',
      { path: 'several', headers: { authorization: 'Bearer $', cookie: 'lime=$' } },
    ],
    ['twice in the query', { path: 'query?passport=$&passport=$' }],
    ['twice in the cookies', { path: 'cookie', headers: { cookie: 'lime=$; lime=$' } }],
    ['twice in its header', { path: 'header', headers: { 'x-lime-passport': ['$', '$'] } }],
    ['a function', { path: 'function-for-two', headers: { 'x-first': '$', 'x-second': '$' } }],
    [
      'everywhere',
      {
        path: 'several?passport=$',
        headers: { authorization: 'Bearer $', 'x-lime-passport': '$', cookie: 'lime=$' },
      },
    ],
  ])('answers 400 to the same passport in two places: %s', async (_, call) => {
    expect(await answerTo(call)).toEqual(TOO_MANY);
  });

  it.each<[string, Call]>([
    ['a quote at one end only', { path: 'cookie', headers: { cookie: 'lime="$' } }],
    ['something behind a second equals sign', { path: 'cookie', headers: { cookie: 'lime=$=x' } }],
    ['padding', { path: 'cookie', headers: { cookie: 'lime=$==' } }],
    ['quotes in a header', { path: 'header', headers: { 'x-lime-passport': '"$"' } }],
    ['a scheme in its own header', { path: 'header', headers: { 'x-lime-passport': 'Bearer $' } }],
    ['a space in the query', { path: 'query?passport=%20$' }],
  ])('does not repair a passport: %s', async (_, call) => {
    expect(await answerTo(call)).toEqual(INVALID);
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: { readonly code?: string };
}

/** Does not use `fetch`, which joins headers with the same name. */
async function send(url: string, { path, headers = {} }: Call, passport: string): Promise<Answer> {
  const fill = (text: string) => text.replaceAll('$', () => passport);
  const filled: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    filled[name] = typeof value === 'string' ? fill(value) : value.map(fill);
  }
  const outgoing = request(`${url}/${fill(path)}`, { headers: filled, agent: false });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode, body: (await json(incoming)) as Answer['body'] };
}
