import { describe, expect, it } from '@jest/globals';
import { LimeError, LimeSitesModule } from 'nestjs-lime-sites';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { useStarter } from '../support/start-site.js';

const TOKEN = 'st_not_to_be_shown';
const MAX_MS = 2 ** 31 - 1;

describe('The options of a site', () => {
  const start = useStarter();
  const setEnvironment = useEnvironment();

  /** Options with wrong types, as from files and variables. */
  function startWith(options: Record<string, unknown>) {
    const limeSites = LimeSitesModule.forRoot({
      siteToken: TOKEN,
      baseUrl: 'http://127.0.0.1:9/api',
      dispatcher: false,
      ...options,
    });
    return start.app({ imports: [limeSites] });
  }

  async function faultsOf(options: Record<string, unknown>): Promise<unknown> {
    const error = await failureOf(LimeError, startWith(options));
    expect(error.code).toBe('INVALID_OPTIONS');
    expect(`${error.message} ${JSON.stringify(error)} ${error.stack ?? ''}`).not.toContain(TOKEN);
    return error.detail?.['faults'];
  }

  it.each<[string, unknown, RegExp]>([
    ['siteToken', 42, /^siteToken must be a string$/],
    ['siteToken', 'st with spaces', /^siteToken must be printable ASCII without spaces$/],
    ['siteToken', 'st_ünïcode', /^siteToken must be printable ASCII without spaces$/],
    ['siteToken', 'st_1\r\nx-evil: 1', /^siteToken must be printable ASCII without spaces$/],
    [
      'baseUrl',
      'lime.pics/api',
      /^baseUrl must be an absolute URL such as https:.*"lime.pics\/api"$/,
    ],
    ['baseUrl', '/api/v1', /^baseUrl must be an absolute URL/],
    ['baseUrl', 42, /^baseUrl must be an absolute URL .* got 42$/],
    ['baseUrl', `no url ${'x'.repeat(200)}`, /^.{0,180}…$/],
    ['baseUrl', 'ftp://lime.pics', /^baseUrl must start with https:, got "ftp:"$/],
    ['baseUrl', 'http://lime.pics/api/v1', /^baseUrl uses plain http: to lime.pics/],
    ['baseUrl', 'http://127.0.0.1.evil.example', /^baseUrl uses plain http:/],
    ['baseUrl', 'http://localhost.evil.example', /^baseUrl uses plain http:/],
    ['baseUrl', 'http://10.0.0.1', /^baseUrl uses plain http:/],
    ['baseUrl', 'https://lime.pics/api?v=1', /^baseUrl must have no user name, query or fragment$/],
    ['baseUrl', 'https://lime.pics/api#v1', /^baseUrl must have no user name, query or fragment$/],
    ['baseUrl', 'https://user@lime.pics', /^baseUrl must have no user name, query or fragment$/],
    ['baseUrl', 'https://:word@lime.pics', /^baseUrl must have no user name/],
    ['issuer', '', /^issuer must be an origin such as https:.*, a list of them, or false, got ""$/],
    ['issuer', ' ', /^issuer must be an origin .* got " "$/],
    ['issuer', 'lime.pics', /^issuer must be an origin .* got "lime.pics"$/],
    ['issuer', 'https://lime.pics/api/v1', /^issuer must .* got "https:\/\/lime.pics\/api\/v1"$/],
    ['issuer', 'https://user@lime.pics', /^issuer must .* got "https:\/\/user@lime.pics"$/],
    ['issuer', 'ftp://lime.pics', /^issuer must be an origin .* got "ftp:\/\/lime.pics"$/],
    ['issuer', true, /^issuer must be an origin .* got true$/],
    ['issuer', 443, /^issuer must be an origin .* got 443$/],
    ['issuer', {}, /^issuer must be an origin .* got an object$/],
    ['issuer', [], /^issuer must not be an empty list; false accepts passports without one$/],
    ['issuer', ['https://lime.pics', 'nowhere'], /^issuer must be an origin .* got "nowhere"$/],
    ['issuer', ['https://lime.pics', false], /^issuer must be an origin .* got false$/],
    ['issuer', ['https://lime.pics', null], /^issuer must be an origin .* got null$/],
    ['issuer', [['https://lime.pics']], /^issuer must be an origin .* got a list$/],
    ['allowInsecureHttp', 'yes', /^allowInsecureHttp must be true or false, got "yes"$/],
    ['dispatcher', 1, /^dispatcher must be true or false, got 1$/],
    ['timeoutMs', 0, /^timeoutMs must be a whole number from 1 to/],
    ['timeoutMs', 1.5, /^timeoutMs must be a whole number .* got 1.5$/],
    ['timeoutMs', '1000', /^timeoutMs must be a whole number .* got "1000"$/],
    ['timeoutMs', Number.NaN, /^timeoutMs .* got NaN$/],
    ['timeoutMs', MAX_MS + 1, /^timeoutMs must be a whole number from 1 to 2147483647/],
    ['maxRetries', -1, /^maxRetries must be a whole number from 0 to 100/],
    ['maxRetries', Infinity, /^maxRetries .* got Infinity$/],
    ['sseBackoffBaseMs', 0, /^sseBackoffBaseMs must be a whole number from 1 to/],
    [
      'sseBackoffMaxMs',
      499,
      /^sseBackoffMaxMs \(499\) must not be below sseBackoffBaseMs \(500\)$/,
    ],
    ['sseBackoffMaxMs', Symbol('x'), /^sseBackoffMaxMs must be a whole number .* Symbol\(x\)$/],
    ['streamWaitMs', -1, /^streamWaitMs must be a whole number from 0 to/],
    ['sseReadTimeoutMs', 0, /^sseReadTimeoutMs must be a whole number from 1 to/],
    ['maxFrameBytes', 1023, /^maxFrameBytes must be a whole number from 1024 to/],
    ['concurrency', 0, /^concurrency must be a whole number from 1 to/],
    ['handlerTimeoutMs', 0, /^handlerTimeoutMs must be a whole number from 1 to/],
    ['shutdownTimeoutMs', -1, /^shutdownTimeoutMs must be a whole number from 0 to/],
    ['httpClient', fetch, /^httpClient must be an undici Dispatcher/],
    ['httpClient', {}, /^httpClient must be an undici Dispatcher/],
    ['httpClient', null, /^httpClient must be an undici Dispatcher/],
    ['eventEmitter', true, /^eventEmitter must be false or an object with an emit method$/],
    ['eventEmitter', {}, /^eventEmitter must be false or an object with an emit method$/],
    ['eventEmitter', null, /^eventEmitter must be false or an object with an emit method$/],
    ['toUser', 'agent_id', /^toUser must be a function that makes a user of a passport$/],
    ['toUser', null, /^toUser must be a function/],
    ['challenge', 'realm="x"', /^challenge must be an object of names and texts, got "realm/],
    ['challenge', null, /^challenge must be an object of names and texts, got null$/],
    ['challenge', [['realm', 'x']], /^challenge must be an object of names and texts, got a list$/],
    ['challenge', { 'a b': 'x' }, /^challenge has "a b", which is not a token \(RFC 9110\)$/],
    ['challenge', { '': 'x' }, /^challenge has "", which is not a token/],
    ['challenge', { 'a"': 'x' }, /^challenge has "a\\"", which is not a token/],
    ['challenge', { 'a=b,c': 'x' }, /^challenge has "a=b,c", which is not a token/],
    ['challenge', { größe: 'x' }, /^challenge has "größe", which is not a token/],
    ['challenge', { error: 'x' }, /^challenge must not have error, which the guards set$/],
    ['challenge', { Error: 'x' }, /^challenge must not have Error, which the guards set$/],
    ['challenge', { error_description: 'x' }, /^challenge must not have error_description/],
    ['challenge', { error_uri: 'x' }, /^challenge must not have error_uri/],
    ['challenge', { realm: 'a', Realm: 'b' }, /^challenge has Realm twice; upper and lower case/],
    ['challenge', { realm: 7 }, /^challenge needs printable ASCII as realm, got 7$/],
    ['challenge', { realm: undefined }, /^challenge needs printable ASCII .* got undefined$/],
    ['challenge', { realm: 'a\r\nx: y' }, /^challenge needs printable ASCII .* got "a\\r\\nx: y"$/],
    ['challenge', { realm: '\t' }, /^challenge needs printable ASCII/],
    ['challenge', { realm: '\u007f' }, /^challenge needs printable ASCII/],
    ['challenge', { realm: '\u0085' }, /^challenge needs printable ASCII/],
    ['challenge', { realm: 'Größe' }, /^challenge needs printable ASCII as realm, got "Größe"$/],
    ['challenge', { realm: '日本' }, /^challenge needs printable ASCII .* got "日本"$/],
    ['timeout', 1000, /^timeout is not an option$/],
    ['toString', 'x', /^toString is not an option$/],
    ['timeoutMs', Object.create(null), /^timeoutMs .* got an object$/],
    ['concurrency', [2], /^concurrency .* got a list$/],
    ['dispatcher', () => true, /^dispatcher .* got a function$/],
  ])('refuses %s = %p', async (name, value, fault) => {
    expect(await faultsOf({ [name]: value })).toEqual([expect.stringMatching(fault)]);
  });

  it('names all wrong options in one error', async () => {
    const options = {
      timeoutMs: -1,
      baseUrl: 'nowhere',
      issuer: 'nowhere',
      siteToken: 7,
      retries: 3,
      dispatcher: 0,
    };
    const error = await failureOf(LimeError, startWith(options));
    for (const name of Object.keys(options)) expect(error.message).toContain(name);
    expect(error.detail?.['faults']).toHaveLength(6);
  });

  it('names every wrong parameter of the challenge, and does not show a token in one', async () => {
    const challenge = { error: 'x', 'not a token': TOKEN, realm: `${TOKEN}\n` };
    expect(await faultsOf({ challenge })).toEqual([
      expect.stringMatching(/^challenge must not have error/),
      expect.stringMatching(/^challenge has "not a token"/),
      expect.stringMatching(/^challenge needs .* as realm/),
    ]);
  });

  it('names every wrong entry of a list of issuers', async () => {
    expect(await faultsOf({ issuer: ['nowhere', 'https://lime.pics', 7] })).toEqual([
      expect.stringMatching(/^issuer .* got "nowhere"$/),
      expect.stringMatching(/^issuer .* got 7$/),
    ]);
  });

  it('does not show a token in place of the issuer', async () => {
    await faultsOf({ issuer: TOKEN });
    await faultsOf({ issuer: [TOKEN] });
  });

  it.each<unknown>([TOKEN, 7, true])('refuses a %p in place of the options', async (options) => {
    const limeSites = LimeSitesModule.forRootAsync({ useFactory: () => options as object });
    setEnvironment({ LIME_SITE_TOKEN: TOKEN });
    const error = await failureOf(LimeError, start.app({ imports: [limeSites] }));
    expect(error.detail?.['faults']).toEqual([
      `the options must be an object, got ${typeof options}`,
    ]);
  });

  it('does not show a token in place of the address', async () => {
    await faultsOf({ baseUrl: TOKEN });
  });

  it('names a wrong address of LIME_API_BASE', async () => {
    setEnvironment({ LIME_API_BASE: 'nowhere' });
    expect(await faultsOf({ baseUrl: undefined })).toEqual([expect.stringContaining('"nowhere"')]);
  });

  it.each([
    'http://localhost:1/api',
    'http://site.localhost',
    'http://127.8.9.10',
    'http://[::1]:1',
    'https://lime.pics/api/v1/',
    ' https://lime.pics ',
  ])('accepts the address %s', async (baseUrl) => {
    await expect(startWith({ baseUrl })).resolves.toBeDefined();
  });

  it('accepts plain http to another host with allowInsecureHttp', async () => {
    const options = { baseUrl: 'http://lime.internal', allowInsecureHttp: true };
    await expect(startWith(options)).resolves.toBeDefined();
  });

  it('treats an undefined option and null as absent', async () => {
    const options = { timeoutMs: undefined, maxRetries: null, unheardOf: undefined };
    await expect(startWith(options)).resolves.toBeDefined();
  });

  it('treats a blank LIME_API_BASE as absent', async () => {
    setEnvironment({ LIME_API_BASE: ' ' });
    await expect(startWith({ baseUrl: undefined })).resolves.toBeDefined();
  });

  it('accepts the limits themselves', async () => {
    const options = {
      timeoutMs: 1,
      maxRetries: 0,
      sseBackoffBaseMs: MAX_MS,
      sseBackoffMaxMs: MAX_MS,
      streamWaitMs: 0,
      maxFrameBytes: 1024,
      concurrency: 1,
      shutdownTimeoutMs: 0,
    };
    await expect(startWith(options)).resolves.toBeDefined();
  });
});
