import { Injectable, Module, VersioningType } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { LimeError } from 'nestjs-lime-sites';
import { LimeMcpModule, type LimeMcpModuleOptions, McpTokenVerifier } from 'nestjs-lime-sites/mcp';
import { Agent } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';
import { callMcp, DOMAIN, METADATA_URL, startMcp } from './support/start-mcp.js';

describe('LimeMcpModule', () => {
  const start = useStarter();
  const setEnvironment = useEnvironment();

  async function refusal(options: object): Promise<LimeError> {
    const imports = [LimeMcpModule.forRoot(options as LimeMcpModuleOptions)];
    return failureOf(LimeError, start.app({ imports }));
  }

  it.each([
    ['https://mcp.example.com/mcp', '; write "mcp.example.com"'],
    ['mcp.example.com:8443', '; write "mcp.example.com"'],
    ['mcp.example.com/mcp', '; write "mcp.example.com"'],
    ['MCP.Example.com', '; write "mcp.example.com"'],
    ['münchen.example', '; write "xn--mnchen-3ya.example"'],
    ['user@mcp.example.com', '; write "mcp.example.com"'],
    ['127.1', '; write "127.0.0.1"'],
    ['', ''],
    ['*.example.com', ''],
    [' mcp.example.com', ''],
    ['a b', ''],
  ])('refuses the domain "%s", and says what to write if it can', async (domain, fix) => {
    const { code, message } = await refusal({ domain });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toBe(
      'LimeMcpModule: domain must be a host in lower case, without scheme, port and path, got ' +
        JSON.stringify(domain) +
        fix,
    );
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [443, '443'],
    [['mcp.example.com'], 'a list'],
  ])('refuses the domain %p', async (domain, shown) => {
    expect((await refusal({ domain })).message).toMatch(new RegExp(`, got ${shown}$`));
  });

  it.each([
    ['http://mcp.example.com/mcp', /^resource must be an https: URL .*, got "http:/],
    ['ftp://mcp.example.com', /^resource must be an https: URL/],
    ['/mcp', /^resource must be an https: URL/],
    ['https://mcp.example.com/mcp?x=1', /^resource must be an https: URL/],
    ['https://mcp.example.com/mcp#x', /^resource must be an https: URL/],
    ['https://user@mcp.example.com/mcp', /^resource must be an https: URL/],
    ['https://mcp.example.com/1/2/3/4/5', /^resource must be .* at most four segments of path/],
    [7, /^resource must be .*, got 7$/],
    [
      'https://example.com/mcp',
      /^resource must be on mcp\.example\.com, the domain that tokens are for, got example\.com$/,
    ],
  ])('refuses the resource %p', async (resource, fault) => {
    const { message, detail } = await refusal({ domain: DOMAIN, resource });

    expect(message.replace('LimeMcpModule: ', '')).toMatch(fault);
    expect(detail).toEqual({ faults: [expect.stringMatching(fault)] });
  });

  it('does not compare the resource with a domain that is wrong itself', async () => {
    const { detail } = await refusal({ resource: 'https://mcp.example.com/mcp' });

    expect(detail).toEqual({
      faults: [expect.stringMatching(/^domain must be .* got undefined$/)],
    });
  });

  it('names every wrong option at once', async () => {
    const { detail } = await refusal({
      domain: 'https://mcp.example.com',
      baseUrl: 'http://lime.example',
      clockToleranceMs: -1,
      timeoutMs: 'soon',
      httpClient: {},
      issuer: 7,
      toUser: 'user',
      challenge: { error: 'x' },
      siteToken: 'st_1',
    });

    expect(detail?.['faults']).toEqual(
      [
        'timeoutMs must',
        'clockToleranceMs must',
        'httpClient must',
        'challenge must not have error',
        'toUser must',
        'siteToken is not an option',
        'baseUrl uses plain http:',
        'issuer must',
        'domain must',
      ].map((fault) => expect.stringContaining(fault)),
    );
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'a_b.example', 'mcp'])(
    'takes the domain %s',
    async (domain) => {
      const lime = await start.lime();
      const { url } = await startMcp(start, { lime, options: { domain } });

      expect((await callMcp(url, await lime.signMcpToken(domain))).status).toBe(200);
    },
  );

  it('stops the start when it is registered twice', async () => {
    const lime = await start.lime();
    const second = LimeMcpModule.forRoot({ domain: 'b.example.com', baseUrl: lime.baseUrl });

    await expect(startMcp(start, { lime, imports: [second] })).rejects.toMatchObject({
      code: 'DUPLICATE_MCP_SERVER',
      message: expect.stringContaining('LimeMcpModule is registered 2 times'),
    });
  });

  it('takes its options from a factory', async () => {
    const lime = await start.lime();
    @Injectable()
    class Settings {
      readonly domain = DOMAIN;
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const mcp = LimeMcpModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async ({ domain }: Settings) =>
        Promise.resolve({ domain, baseUrl: lime.baseUrl }),
    });
    const { app } = await start.app({ imports: [mcp] });
    const token = await lime.signMcpToken(DOMAIN);

    await expect(app.get(McpTokenVerifier).verify(token)).resolves.toMatchObject({ aud: 'mcp' });
  });

  it('reads LIME_API_BASE, and neither needs nor sends LIME_SITE_TOKEN', async () => {
    const lime = await start.lime();
    setEnvironment({ LIME_API_BASE: lime.baseUrl, LIME_SITE_TOKEN: undefined });
    const { app } = await start.app({ imports: [LimeMcpModule.forRoot({ domain: DOMAIN })] });

    await app.get(McpTokenVerifier).verify(await lime.signMcpToken(DOMAIN));
    expect(lime.calls.every(({ siteToken }) => !siteToken)).toBe(true);
  });

  it('uses the HTTP client of the application, and leaves it open', async () => {
    const lime = await start.lime();
    const httpClient = new Agent();
    try {
      const { app } = await startMcp(start, { lime, options: { httpClient } });
      await app.get(McpTokenVerifier).verify(await lime.signMcpToken(DOMAIN));
      await app.close();

      expect(httpClient.closed || httpClient.destroyed).toBe(false);
    } finally {
      await httpClient.destroy();
    }
  });

  it('starts while LIME is out of reach, and says so once', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 503, times: Infinity });
    const { app, logs } = await startMcp(start, { lime });
    const token = await lime.signMcpToken(DOMAIN);
    await failureOf(LimeError, app.get(McpTokenVerifier).verify(token));

    expect(logs.toString().match(/JWKS unavailable/g)).toHaveLength(1);
  });
});

describe('The metadata of the MCP server', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  const get = async (url: string, path = '') => {
    const response = await fetch(`${url}/.well-known/oauth-protected-resource${path}`);
    return { status: response.status, body: (await response.json()) as object };
  };

  it.each(HTTP_PLATFORMS)('is served at both addresses on %s', async (platform) => {
    const lime = await start.lime();
    const resource = `https://${DOMAIN}:8443/api/mcp`;
    const { url } = await startMcp(start, { lime, platform, options: { resource } });
    const metadata = {
      resource,
      authorization_servers: [new URL(lime.baseUrl).origin],
      bearer_methods_supported: ['header'],
    };

    expect(await get(url)).toEqual({ status: 200, body: metadata });
    expect(await get(url, '/api/mcp')).toEqual({ status: 200, body: metadata });
    expect((await get(url, '/mcp')).status).toBe(404);
    expect((await get(url, '/api/mcp/more')).status).toBe(404);
    expect((await callMcp(url)).challenge).toBe(
      `Bearer resource_metadata="https://${DOMAIN}:8443/.well-known/oauth-protected-resource/api/mcp"`,
    );
  });

  it.each([
    [undefined, `https://${DOMAIN}`, METADATA_URL],
    [`https://${DOMAIN}/`, `https://${DOMAIN}`, METADATA_URL],
    [`https://${DOMAIN}/mcp/`, `https://${DOMAIN}/mcp`, `${METADATA_URL}/mcp`],
    [`https://${DOMAIN}:443/mcp`, `https://${DOMAIN}/mcp`, `${METADATA_URL}/mcp`],
  ])('names the resource %s as %s', async (given, resource, address) => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, options: { resource: given } });

    expect((await get(url)).body).toMatchObject({ resource });
    expect((await callMcp(url)).challenge).toBe(`Bearer resource_metadata="${address}"`);
  });

  it('leads to the metadata of LIME, which leads to the keys', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime });
    const { body } = await get(url);
    const [issuer] = (body as { authorization_servers: string[] }).authorization_servers;
    const server = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    const found = (await server.json()) as { issuer: string; jwks_uri: string };

    expect(found.issuer).toBe(issuer);
    expect(await (await fetch(found.jwks_uri)).json()).toEqual(lime.publishedKeys());
  });

  it('names the issuers of the option, and the platform where it is false', async () => {
    const lime = await start.lime();
    const issuer = ['https://lime.pics', 'https://lime.example'];
    const named = await startMcp(start, { lime, options: { issuer } });
    const open = await startMcp(start, { lime, options: { issuer: false } });

    expect((await get(named.url)).body).toMatchObject({ authorization_servers: issuer });
    expect((await get(open.url)).body).toMatchObject({
      authorization_servers: [new URL(lime.baseUrl).origin],
    });
  });

  it('can be left out', async () => {
    const lime = await start.lime();
    const { url } = await startMcp(start, { lime, options: { metadata: false } });

    expect((await get(url)).status).toBe(404);
    expect((await callMcp(url, await lime.signMcpToken(DOMAIN))).status).toBe(200);
  });

  it.each(HTTP_PLATFORMS)(
    'stays at the origin on %s, whatever prefix and version the routes have',
    async (platform) => {
      const lime = await start.lime();
      const mcp = LimeMcpModule.forRoot({ domain: DOMAIN, baseUrl: lime.baseUrl });
      const module = await Test.createTestingModule({ imports: [mcp] }).compile();
      const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
      const app = module.createNestApplication(adapter, { logger: false });
      closeLater(() => app.close());
      app.setGlobalPrefix('api', { exclude: ['.well-known/oauth-protected-resource{/*path}'] });
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      await app.listen(0, '127.0.0.1');

      expect(await get(await app.getUrl())).toMatchObject({
        status: 200,
        body: { resource: `https://${DOMAIN}` },
      });
    },
  );
});
