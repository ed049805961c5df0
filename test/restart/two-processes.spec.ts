import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { type ChildApp, CompiledPackage } from '../support/child-app.js';
import { startSandbox } from '../support/start-sandbox.js';
import { until } from '../support/until.js';

let compiled: CompiledPackage;

beforeAll(async () => {
  compiled = await CompiledPackage.create();
});
afterAll(() => compiled.remove());

/** A site that keeps its pending logins, and what guards know, in a file. Its handler prints the outcomes. */
const SITE = `
import { Controller, Get, Module, Param, Post, Query, UseGuards } from '@nestjs/common';
import { BindingPassportGuard, OnLimeLogin, Passport, PassportGuard, PassportPolicy } from './dist/index.js';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { lastValueFrom } from 'rxjs';

const file = process.env.SITE_FILE;
const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { pending: {}, entries: {} };
const save = () => {
  writeFileSync(file + '.new', JSON.stringify(kept));
  renameSync(file + '.new', file);
};
const store = {
  async remember(kind, id, expiresAt) { kept.entries[kind + ' ' + id] = expiresAt; save(); },
  async knows(kind, id) { return new Date(kept.entries[kind + ' ' + id] ?? 0) > new Date(); },
  async claim(key, expiresAt) {
    if (kept.entries['used ' + key]) return false;
    kept.entries['used ' + key] = expiresAt;
    save();
    return true;
  },
};

@Controller()
class Site {
  constructor(private readonly lime: LimeSiteService) {}
  onModuleInit() {
    const pending = Object.entries(kept.pending);
    this.lime.resumeLogins(pending.map(([requestId, at]) => ({ requestId, expiresAt: new Date(at) })));
  }
  @Post('login') async login() {
    const { requestId, expiresAt } = await this.lime.createLoginRequest();
    kept.pending[requestId] = expiresAt;
    save();
    return { requestId };
  }
  @Post('bind') bind() { return this.lime.createBindingRequest({ redirectUri: 'https://site.test/bound' }); }
  @Get('outcome/:id') async outcome(@Param('id') id: string) {
    return { type: (await lastValueFrom(this.lime.outcomeOf(id), { defaultValue: { type: 'none' } })).type };
  }
  @Get('me') @UseGuards(PassportGuard) me(@Passport('agent_id') agent: string) { return { agent }; }
  @Get('once') @UseGuards(PassportGuard) @PassportPolicy({ singleUse: true }) once() { return {}; }
  @Get('bound') @UseGuards(BindingPassportGuard) bound(@Passport('binding_id') id: string) { return { id }; }
  @OnLimeLogin() async onLogin({ requestId, type, origin = '' }) {
    say(['outcome', requestId, type, origin].join(' ').trim());
    delete kept.pending[requestId];
    save();
  }
}
@Module({ imports: [LimeSitesModule.forRoot({ store })], controllers: [Site] })
class App {}
const app = await NestFactory.create(App, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
say('url ' + (await app.getUrl()));
`;

/** A running site. */
class RunningSite {
  static async start(env: Record<string, string>): Promise<RunningSite> {
    const child = await compiled.run(SITE, env);
    const line = await until(() => child.lines.find((text) => text.startsWith('url ')));
    return new RunningSite(child, line.slice('url '.length));
  }

  private constructor(
    readonly child: ChildApp,
    private readonly url: string,
  ) {}

  /** The outcomes that the handler printed. */
  get outcomes(): string[] {
    return this.child.lines.filter((line) => line.startsWith('outcome '));
  }

  get(path: string, passport?: string): Promise<Response> {
    const headers = passport === undefined ? {} : { authorization: `Bearer ${passport}` };
    return fetch(this.url + path, { headers });
  }

  async post<Answer>(path: string): Promise<Answer> {
    return (await (await fetch(this.url + path, { method: 'POST' })).json()) as Answer;
  }

  async login(): Promise<string> {
    return (await this.post<{ requestId: string }>('/login')).requestId;
  }

  /** Ends the process as a crash does. */
  async crash(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.ended;
  }
}

describe('After a process was killed, the next one', () => {
  let lime: LimeSandbox;
  let folder: string;
  let second: RunningSite;
  let used: string;
  let delivered: string;
  let ids: Record<'delivered' | 'pending' | 'approved' | 'expired' | 'binding', string>;

  beforeAll(async () => {
    lime = await startSandbox();
    folder = await mkdtemp(join(tmpdir(), 'lime-site-'));
    const env = { ...lime.env(), SITE_FILE: join(folder, 'site.json') };
    const first = await RunningSite.start(env);
    await lime.whenStreamOpen(1, 15_000);
    const login = () => first.login();
    const { bindingId } = await first.post<{ bindingId: string }>('/bind');
    ids = {
      delivered: await login(),
      pending: await login(),
      approved: await login(),
      expired: await login(),
      binding: bindingId,
    };
    delivered = (await lime.approve(ids.delivered)).passport;
    used = (await lime.approve(await login())).passport;
    await until(() => first.outcomes.length === 2);
    expect((await first.get('/once', used)).status).toBe(200);
    await first.crash();
    await until(() => lime.openStreams === 0);

    await lime.approve(ids.approved);
    lime.expire(ids.expired);
    second = await RunningSite.start(env);
    await lime.whenStreamOpen(1, 15_000);
  });

  afterAll(async () => {
    await second.crash();
    await lime.stop();
    await rm(folder, { recursive: true });
  });

  it('reports a login as expired that was approved or expired in between', async () => {
    await until(() => second.outcomes.length === 2);

    expect(second.outcomes.toSorted()).toEqual(
      [
        `outcome ${ids.approved} expired local`,
        `outcome ${ids.expired} expired platform`,
      ].toSorted(),
    );
  });

  it('receives the approval of a login that is still pending, for its handler, its page and its guard', async () => {
    const page = second.get(`/outcome/${ids.pending}`);
    const { passport } = await lime.approve(ids.pending);

    expect(await (await page).json()).toEqual({ type: 'approved' });
    await until(() => second.outcomes.includes(`outcome ${ids.pending} approved`));
    expect((await second.get('/me', passport)).status).toBe(200);
  });

  it('accepts a passport that was delivered before', async () => {
    expect((await second.get('/me', delivered)).status).toBe(200);
  });

  it('refuses a single-use passport that was used before', async () => {
    expect((await second.get('/once', used)).status).toBe(401);
  });

  it('accepts a binding that was started before', async () => {
    const { code } = await lime.completeBinding(ids.binding);

    const answer = await second.get(`/bound?binding_code=${code}`);

    expect(await answer.json()).toEqual({ id: ids.binding });
  });

  it('ends the wait of a page whose login was handled before', async () => {
    const answer = await second.get(`/outcome/${ids.delivered}`);

    expect(await answer.json()).toEqual({ type: 'none' });
  });
});
