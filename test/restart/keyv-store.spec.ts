import { readFile } from 'node:fs/promises';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { KeyvStore } from '../../sample/agent-login/src/data/keyv-store.js';
import { DocsExample } from '../support/docs-example.js';
import { bearer } from '../support/own-login.js';
import { type SiteSetup, useStarter } from '../support/start-site.js';

const start = useStarter();
const IN_A_MINUTE = new Date(Date.now() + 60_000);

@Controller()
@UseGuards(PassportGuard)
class GuardedRoutes {
  @Get('me')
  me() {
    return {};
  }

  @PassportPolicy({ singleUse: true })
  @Get('once')
  once() {
    return {};
  }
}

/** A database that can fail, as Keyv's adapters are. */
class Database {
  failing = false;
  readonly entries = new Map<string, string>();

  get(key: string): string | undefined {
    this.#check();
    return this.entries.get(key);
  }

  set(key: string, value: string): void {
    this.#check();
    this.entries.set(key, value);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  #check(): void {
    if (this.failing) throw new Error('the database is down');
  }
}

async function startSite(database: Database, { lime }: Pick<SiteSetup, 'lime'> = {}) {
  const store = new KeyvStore({ store: database });
  const started = await start.site({
    ...(lime && { lime }),
    options: { store },
    controllers: [GuardedRoutes],
  });
  const get = async (path: string, passport: string) =>
    (await fetch(`${started.url}/${path}`, { headers: bearer(passport) })).status;
  return { ...started, get };
}

describe('The Keyv store of the guide on restarts', () => {
  it('is the one of the sample', async () => {
    const { code } = await DocsExample.read('docs/restart.md', 'keyv-store.ts');
    const sample = await readFile('sample/agent-login/src/data/keyv-store.ts', 'utf8');

    expect(code).toBe(`// keyv-store.ts\n${sample}`);
  });

  it('lets the next application accept a passport, and refuse one that was used', async () => {
    const database = new Database();
    const first = await startSite(database);
    const { requestId } = await first.site.createLoginRequest();
    const passport = await first.lime.signPassport({ request_id: requestId });
    expect(await first.get('once', passport)).toBe(200);
    await first.app.close();

    const second = await startSite(database, first);

    expect(await second.get('me', passport)).toBe(200);
    expect(await second.get('once', passport)).toBe(401);
  });

  it('lets one of two claims at the same instant win', async () => {
    const store = new KeyvStore({ store: new Database() });

    const claims = await Promise.all([1, 2].map(() => store.claim('lr_1', IN_A_MINUTE)));

    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await store.claim('lr_1', IN_A_MINUTE)).toBe(false);
    expect(await store.claim('lr_2', IN_A_MINUTE)).toBe(true);
  });

  it('forgets an entry when its time has passed', async () => {
    const store = new KeyvStore({ store: new Database() });
    await store.remember('login', 'lr_1', new Date(Date.now() + 3));
    await store.remember('login', 'lr_2', new Date(0));
    await store.remember('login', 'lr_3', IN_A_MINUTE);

    await new Promise((resolve) => setTimeout(resolve, 5));

    const known = await Promise.all(['lr_1', 'lr_2', 'lr_3'].map((id) => store.knows('login', id)));
    expect(known).toEqual([false, false, true]);
    expect(await store.knows('binding', 'lr_3')).toBe(false);
  });

  it('makes a guard answer 503 while the database is down', async () => {
    const database = new Database();
    const { lime, get } = await startSite(database);
    const { requestId } = lime.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    database.failing = true;

    expect(await get('me', passport)).toBe(503);
  });

  it('does not accept a use that the database did not store', async () => {
    const database = new Database();
    const { site, lime, get } = await startSite(database);
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    database.failing = true;

    expect(await get('once', passport)).toBe(503);
    database.failing = false;
    expect(await get('once', passport)).toBe(200);
  });
});
