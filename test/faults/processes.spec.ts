import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildApp, CompiledPackage } from '../support/child-app.js';
import { useCleanup } from '../support/cleanup.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { closedAddress } from '../support/loopback-server.js';
import { useStarter } from '../support/start-site.js';
import { certificateFor, TlsServer } from '../support/tls-server.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();
let compiled: CompiledPackage;

beforeAll(async () => {
  compiled = await CompiledPackage.create();
});
afterAll(() => compiled.remove());

async function run(program: string, env?: Record<string, string>): Promise<ChildApp> {
  const child = await compiled.run(program, env);
  closeLater(() => child.kill('SIGKILL'));
  return child;
}

const saw = (child: ChildApp, line: string) => until(() => child.lines.includes(line));

describe('SIGTERM', () => {
  const withHandler = (hooks: boolean): string => `
    const app = await createApp();
    if (${hooks}) app.enableShutdownHooks();
    app.get(LimeSiteService).onLogin(async () => {
      say('begun');
      await new Promise((resolve) => setTimeout(resolve, 100));
      say('done');
    });
    await new Promise(() => undefined);
  `;

  it('ends the stream and waits for the handler with enableShutdownHooks()', async () => {
    const lime = await start.lime();
    const child = await run(withHandler(true), lime.env());
    await lime.whenStreamOpen(1, 15_000);
    lime.send({ type: 'expired', login_request_id: 'lr_a' });
    await saw(child, 'begun');

    child.kill('SIGTERM');

    expect(await child.ended).toBe('SIGTERM');
    expect(child.lines).toEqual(['begun', 'done']);
    await until(() => lime.openStreams === 0);
  });

  it('ends the process at once without them, and the platform sees the stream close', async () => {
    const lime = await start.lime();
    const child = await run(withHandler(false), lime.env());
    await lime.whenStreamOpen(1, 15_000);
    lime.send({ type: 'expired', login_request_id: 'lr_a' });
    await saw(child, 'begun');

    child.kill('SIGTERM');

    expect(await child.ended).toBe('SIGTERM');
    expect(child.lines).toEqual(['begun']);
    await until(() => lime.openStreams === 0);
  });
});

describe('A process', () => {
  it('exits after its application has closed', async () => {
    const lime = await start.lime();
    const child = await run(
      `
      const app = await createApp();
      await app.get(LimeSiteService).createLoginRequest();
      await app.close();
      say('closed');
      `,
      lime.env(),
    );

    await saw(child, 'closed');
    const closedAt = performance.now();

    expect(await child.ended).toBe(0);
    expect(performance.now() - closedAt).toBeLessThan(3_000); // idle connections would hold it for four
  });

  it('stays alive while its stream waits to reconnect', async () => {
    const env = { LIME_SITE_TOKEN: 'st_x', LIME_API_BASE: await closedAddress() };
    const child = await run(
      `
      const site = (await createApp({ sseBackoffBaseMs: 10, sseBackoffMaxMs: 10 })).get(LimeSiteService);
      site.connection$.subscribe(({ attempt }) => say('attempt ' + attempt));
      `,
      env,
    );

    await saw(child, 'attempt 5');

    expect(child.running).toBe(true);
  });
});

describe('HTTPS_PROXY', () => {
  const program = `
    const site = (await createApp()).get(LimeSiteService);
    site.connection$.subscribe(({ state }) => say(state));
    await site.createLoginRequest();
    say('created');
  `;

  async function startBehindTls() {
    const lime = await start.lime();
    const certificate = await certificateFor('127.0.0.1');
    const folder = await mkdtemp(join(tmpdir(), 'lime-ca-'));
    closeLater(() => rm(folder, { recursive: true }));
    const authority = join(folder, 'ca.pem');
    await writeFile(authority, certificate.cert);
    const server = await TlsServer.start(certificate, lime.port);
    closeLater(() => server.stop());
    const proxy = await ConnectProxy.start();
    closeLater(() => proxy.stop());
    const target = `127.0.0.1:${server.port}`;
    const env = {
      LIME_SITE_TOKEN: lime.siteToken,
      LIME_API_BASE: `https://${target}/api/v1`,
      NODE_EXTRA_CA_CERTS: authority,
      HTTPS_PROXY: proxy.url,
    };
    return { lime, proxy, target, env };
  }

  it('is used for the stream and for calls, through CONNECT', async () => {
    const { lime, proxy, target, env } = await startBehindTls();
    const child = await run(program, env);

    await saw(child, 'created');

    expect(lime.openStreams).toBe(1);
    expect(proxy.targets.length).toBeGreaterThanOrEqual(2);
    expect(new Set(proxy.targets)).toEqual(new Set([target]));
  });

  it('is not used for hosts that NO_PROXY names', async () => {
    const { proxy, env } = await startBehindTls();
    const child = await run(program, { ...env, NO_PROXY: '127.0.0.1' });

    await saw(child, 'created');

    expect(proxy.targets).toEqual([]);
  });
});
