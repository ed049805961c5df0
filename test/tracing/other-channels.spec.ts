import { describe, expect, it } from '@jest/globals';
import {
  LIME_CHANNELS,
  type LimeConnectionMessage,
  type LimeHttpMessage,
  type LimeVerifyMessage,
} from 'nestjs-lime-sites';
import { type ChannelRecord, useChannelRecords } from '../support/channel-records.js';
import { readings, secretsIn } from '../support/leaks.js';
import { closedAddress } from '../support/loopback-server.js';
import { ownLogin } from '../support/own-login.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const record = useChannelRecords();

const ended = <Message extends object>(records: readonly ChannelRecord<Message>[]) =>
  records.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message);

describe('The verify channel', () => {
  it('publishes each verification with the reason of a failure, but no claim', async () => {
    const checks = record.tracing<LimeVerifyMessage>(LIME_CHANNELS.verify);
    const { lime, site } = await start.site();
    const { requestId, passport } = await ownLogin({ lime, site }, { sub: 'agent-1' });
    await site.verifyPassport(passport, { expectedRequestId: requestId });
    await expect(site.verifyBindingPassport(passport)).rejects.toThrow();
    const login = { site: 'default', kind: 'login' };
    const binding = { site: 'default', kind: 'binding' };
    const error = expect.objectContaining({ code: 'PASSPORT_AUDIENCE' });
    expect(checks.map(({ event, message }) => [event, message])).toEqual([
      ['start', login],
      ['end', login],
      ['asyncStart', login],
      ['asyncEnd', login],
      ['start', binding],
      ['end', binding],
      ['error', { ...binding, error }],
      ['asyncStart', { ...binding, error }],
      ['asyncEnd', { ...binding, error }],
    ]);
    expect(secretsIn(readings(checks), { passport, agent: 'agent-1' })).toEqual([]);
  });
});

describe('The HTTP channel', () => {
  it('publishes each try with its status and its route without ids', async () => {
    const lime = await start.lime();
    const { site } = await start.site({ lime });
    await lime.whenStreamOpen();
    await until(() => lime.callCount('jwks') === 1);
    const calls = record.tracing<LimeHttpMessage>(LIME_CHANNELS.http);
    lime.faults.respond('create', { status: 503 });
    const { requestId } = await site.createLoginRequest();
    await site.getLoginRequest(requestId);
    await expect(site.getLoginRequest('lr_unknown')).rejects.toThrow();
    await site.createBindingRequest({ redirectUri: 'https://your.app/callback' });

    const post = { site: 'default', method: 'POST', attempt: 1 };
    const get = { ...post, method: 'GET' };
    const requests = '/modules/agent-login/requests';
    expect(ended(calls)).toEqual([
      { ...post, route: requests, status: 503 },
      { ...post, route: requests, status: 201, attempt: 2 },
      { ...get, route: `${requests}/{id}`, status: 200 },
      { ...get, route: `${requests}/{id}`, status: 404 },
      { ...post, route: '/modules/bindings/requests', status: 201 },
    ]);
    expect(secretsIn(readings(calls), { token: lime.siteToken, requestId })).toEqual([]);
  });

  it('publishes the JWKS request, and each attempt to open the event stream', async () => {
    const calls = record.tracing<LimeHttpMessage>(LIME_CHANNELS.http);
    const lime = await start.lime();
    lime.faults.respond('events', { status: 503 });
    await start.site({ lime });
    await lime.whenStreamOpen();
    await until(() => ended(calls).length === 3);
    const get = { site: 'default', method: 'GET' };
    const events = { ...get, route: '/modules/agent-login/events' };
    expect(ended(calls).toSorted((a, b) => a.route.localeCompare(b.route))).toEqual([
      { ...get, route: '/core/.well-known/jwks.json', attempt: 1, status: 200 },
      { ...events, attempt: 1, status: 503 },
      { ...events, attempt: 2, status: 200 },
    ]);
  });

  it('publishes the reason of a call without a response', async () => {
    const calls = record.tracing<LimeHttpMessage>(LIME_CHANNELS.http);
    const baseUrl = await closedAddress();
    const options = { siteToken: 'st_1', baseUrl, maxRetries: 0, dispatcher: false };
    const { site } = await start.site({ options });
    await expect(site.createLoginRequest()).rejects.toThrow();
    const call = ended(calls).find(({ method }) => method === 'POST');
    expect(call).toMatchObject({ attempt: 1, error: { code: 'NETWORK_ERROR' } });
    expect(call).not.toHaveProperty('status');
  });
});

describe('The connection channel', () => {
  it('publishes each change of state with its cause', async () => {
    const changes = record.plain<LimeConnectionMessage>(LIME_CHANNELS.connection);
    const { app, lime, site } = await start.site();
    await until(() => site.connection.state === 'open');
    lime.suspendSite();
    lime.faults.dropStreams();
    await until(() => site.connection.state === 'unauthorized');
    await app.close();
    expect(changes.map(({ previous, state }) => `${previous} > ${state}`)).toEqual([
      'idle > connecting',
      'connecting > open',
      'open > reconnecting',
      'reconnecting > unauthorized',
      'unauthorized > closed',
    ]);
    expect(changes[3]).toMatchObject({ site: 'default', error: { code: 'SITE_SUSPENDED' } });
    expect(secretsIn(readings(changes), { token: lime.siteToken })).toEqual([]);
  });
});
