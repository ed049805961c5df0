import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  type LimeSiteStore,
  type LimeStoreKind,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { bearer } from '../support/own-login.js';
import { type SiteSetup, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const MINUTE = 60_000;

@Controller()
class GuardedRoutes {
  @UseGuards(PassportGuard)
  @Get('me')
  me(@Passport('agent_id') agentId: string) {
    return { agentId };
  }

  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  @Get('once')
  once() {
    return {};
  }

  @UseGuards(BindingPassportGuard)
  @Get('callback')
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }
}

type Method = keyof LimeSiteStore;

/** A store that outlives an application. Each method can be made to misbehave. */
class TestStore implements LimeSiteStore {
  readonly entries = new Map<string, Date>();
  readonly calls: string[] = [];
  readonly faults: Partial<Record<Method, (id: string) => unknown>> = {};

  remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    return this.#call('remember', id, () => {
      this.entries.set(`${kind} ${id}`, expiresAt);
    });
  }

  knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    return this.#call('knows', id, () => this.entries.has(`${kind} ${id}`));
  }

  claim(key: string, expiresAt: Date): Promise<boolean> {
    return this.#call('claim', key, () => {
      if (this.entries.has(key)) return false;
      this.entries.set(key, expiresAt);
      return true;
    });
  }

  /** Makes the whole store fail. */
  fail(how: () => unknown = () => Promise.reject(new Error('the disk is full'))): void {
    Object.assign(this.faults, { remember: how, knows: how, claim: how });
  }

  recover(): void {
    for (const method of Object.keys(this.faults) as Method[]) delete this.faults[method];
  }

  #call<Result>(method: Method, id: string, work: () => Result): Promise<Result> {
    this.calls.push(method);
    const fault = this.faults[method];
    if (fault) return fault(id) as Promise<Result>;
    return Promise.resolve(work());
  }
}

async function startSite(store: LimeSiteStore, { options, ...setup }: SiteSetup = {}) {
  const started = await start.site({
    ...setup,
    options: { store, timeoutMs: 2_000, ...options },
    controllers: [GuardedRoutes],
  });
  const { lime, site, url } = started;
  await until(() => site.connection.state === 'open');
  return {
    ...started,
    /** The status and the code of a guarded route. */
    get: async (path: string, passport: string) => {
      const answer = await fetch(`${url}/${path}`, { headers: bearer(passport) });
      const { code } = (await answer.json()) as { code?: string };
      return [answer.status, code];
    },
    /** A passport for a login of the site that this process does not know. */
    loginFromBefore: async () => {
      const { requestId, expiresAt } = lime.createLoginRequest();
      if (store instanceof TestStore) store.entries.set(`login ${requestId}`, expiresAt);
      return lime.signPassport({ request_id: requestId });
    },
  };
}

describe('The store of an application', () => {
  it('remembers each login and binding for three minutes longer than its request lives', async () => {
    const store = new TestStore();
    const { site } = await startSite(store);

    const login = await site.createLoginRequest();
    const binding = await site.createBindingRequest({ redirectUri: 'https://site.test/callback' });

    expect(Object.fromEntries(store.entries)).toEqual({
      [`login ${login.requestId}`]: new Date(login.expiresAt.getTime() + 3 * MINUTE),
      [`binding ${binding.bindingId}`]: new Date(binding.expiresAt.getTime() + 3 * MINUTE),
    });
  });

  it('makes a guard accept a login and a binding that another process started', async () => {
    const store = new TestStore();
    const { lime, loginFromBefore, site, app, url } = await startSite(store);
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/callback` });
    await app.close();
    const second = await startSite(store, { lime });

    const { code } = await lime.completeBinding(bindingId);
    const callback = await fetch(`${second.url}/callback?binding_code=${code}`);

    expect(await callback.json()).toEqual({ bindingId });
    expect(await second.get('me', await loginFromBefore())).toEqual([200, undefined]);
  });

  it('makes a guard accept a passport once for all processes', async () => {
    const store = new TestStore();
    const first = await startSite(store);
    const second = await startSite(store, { lime: first.lime });
    const passport = await first.loginFromBefore();

    const answers = await Promise.all([first.get('once', passport), second.get('once', passport)]);

    expect(answers.toSorted()).toEqual([
      [200, undefined],
      [401, 'invalid_token'],
    ]);
  });

  it('remembers a login that another process created and this one received', async () => {
    const store = new TestStore();
    const { lime } = await startSite(store);
    const { requestId } = lime.createLoginRequest();

    await lime.approve(requestId);

    await until(() => store.entries.has(`login ${requestId}`));
  });

  it('gets resumed logins, ten at a time', async () => {
    const store = new TestStore();
    const { site, lime } = await startSite(store);
    let writing = 0;
    let most = 0;
    store.faults.remember = async () => {
      most = Math.max(most, ++writing);
      await new Promise(setImmediate);
      writing--;
    };

    site.resumeLogins(Array.from({ length: 100 }, () => lime.createLoginRequest()));
    await until(() => store.calls.filter((call) => call === 'remember').length === 100);

    expect(most).toBe(10);
  });

  it.each([
    [{ remember: () => undefined, knows: () => false }, /store must be an object with the methods/],
    ['redis://127.0.0.1', /store must be an object with the methods remember, knows, claim/],
  ])('is refused in the options without its methods: %p', async (store, message) => {
    const starting = start.site({ options: { store: store as unknown as LimeSiteStore } });

    await expect(starting).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message),
    });
  });

  it('is refused in the options together with a cluster', async () => {
    const cluster = { join: () => Promise.reject(new Error('not called')) };
    const starting = start.site({ options: { store: new TestStore(), cluster } });

    await expect(starting).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('store and cluster exclude each other'),
    });
  });
});

const OUTAGES: [how: string, answer: () => unknown][] = [
  ['rejects', () => Promise.reject(new Error('the disk is full'))],
  [
    'throws',
    () => {
      throw new Error('not connected');
    },
  ],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['rejects with an object that cannot be shown', () => Promise.reject(Object.create(null))],
  ['never answers', () => new Promise(() => undefined)],
];
const NONSENSE: [how: string, answer: () => unknown][] = [
  ['answers nothing', () => Promise.resolve()],
  ['answers with a text', () => Promise.resolve('true')],
  ['answers with a number', () => Promise.resolve(1)],
  ['answers with an object', () => Promise.resolve({ known: true })],
];

describe('A guard whose store fails', () => {
  it.each([...OUTAGES, ...NONSENSE])(
    'answers 503 for a login that this process does not know: the store %s',
    async (_, answer) => {
      const store = new TestStore();
      const { get, loginFromBefore } = await startSite(store, { options: { timeoutMs: 200 } });
      const passport = await loginFromBefore();
      store.faults.knows = answer;

      expect(await get('me', passport)).toEqual([503, 'store_unavailable']);
      store.recover();
      expect(await get('me', passport)).toEqual([200, undefined]);
    },
  );

  it.each([...OUTAGES, ...NONSENSE])(
    'answers 503 for a single use that cannot be claimed: the store %s',
    async (_, answer) => {
      const store = new TestStore();
      const { get, loginFromBefore } = await startSite(store, { options: { timeoutMs: 200 } });
      const passport = await loginFromBefore();
      store.faults.claim = answer;

      expect(await get('once', passport)).toEqual([503, 'store_unavailable']);
      store.recover();
      expect(await get('once', passport)).toEqual([200, undefined]);
      expect(await get('once', passport)).toEqual([401, 'invalid_token']);
    },
  );

  it('accepts a login that this process knows', async () => {
    const store = new TestStore();
    const { site, lime, get } = await startSite(store);
    store.fail();
    const { requestId } = await site.createLoginRequest();

    const passport = await lime.signPassport({ request_id: requestId });

    expect(await get('me', passport)).toEqual([200, undefined]);
  });

  it('refuses a passport that was used in this process, without the store', async () => {
    const store = new TestStore();
    const { get, site, lime } = await startSite(store);
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    expect(await get('once', passport)).toEqual([200, undefined]);

    store.fail();

    expect(await get('once', passport)).toEqual([401, 'invalid_token']);
  });

  it('accepts one of two uses at the same instant when the store accepts both', async () => {
    const store = new TestStore();
    const { get, loginFromBefore } = await startSite(store);
    const passport = await loginFromBefore();
    store.faults.claim = () => Promise.resolve(true);

    const answers = await Promise.all([get('once', passport), get('once', passport)]);

    expect(answers.map(([status]) => String(status)).toSorted()).toEqual(['200', '401']);
  });
});

describe('createLoginRequest() whose store fails', () => {
  it.each(OUTAGES)('succeeds, with one warning: the store %s', async (_, answer) => {
    const store = new TestStore();
    const { site, logs } = await startSite(store, { options: { timeoutMs: 200 } });
    store.fail(answer);

    const first = await site.createLoginRequest();
    const second = await site.createLoginRequest();

    expect(first.requestId).not.toBe(second.requestId);
    expect(logs.of('warn').filter((line) => line.includes('is not stored yet'))).toHaveLength(1);
  });

  it('stores every login once the store works again', async () => {
    const store = new TestStore();
    const { site, logs } = await startSite(store);
    store.fail();
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) ids.push((await site.createLoginRequest()).requestId);
    expect(store.calls.length).toBeLessThan(20); // retries alone call a store that fails

    store.recover();
    await until(() => store.entries.size === 20);
    await until(() => logs.of('log').some((line) => line.includes('The store has every login')));

    expect(new Set(store.entries.keys())).toEqual(new Set(ids.map((id) => `login ${id}`)));
  });

  it('stores the other logins while the store refuses one of them', async () => {
    const store = new TestStore();
    const { site } = await startSite(store);
    const refused: string[] = [];
    store.faults.remember = (id) => {
      refused[0] ??= id;
      if (refused[0] === id) return Promise.reject(new Error('a row of this name is locked'));
      store.entries.set(`login ${id}`, new Date());
      return Promise.resolve();
    };
    for (let index = 0; index < 5; index++) await site.createLoginRequest();

    await until(() => store.entries.size === 4);
  });

  it('warns again of the next outage', async () => {
    const store = new TestStore();
    const { site, logs } = await startSite(store);
    for (const outage of [1, 2]) {
      store.fail();
      await site.createLoginRequest();
      store.recover();
      await until(() => store.entries.size === outage);
    }

    expect(logs.of('warn').filter((line) => line.includes('is not stored yet'))).toHaveLength(2);
  });

  it('shows no secret that an error of the store carries', async () => {
    const store = new TestStore();
    const { site, lime, logs, get, loginFromBefore } = await startSite(store);
    const passport = await loginFromBefore();
    store.fail(() =>
      Promise.reject(
        Object.assign(new Error(`cannot write ${passport} of ${lime.siteToken}`), {
          args: [passport],
        }),
      ),
    );

    await site.createLoginRequest();
    await get('me', passport);

    expect(logs.toString()).not.toContain(lime.siteToken);
    expect(logs.toString()).not.toContain(passport);
  });

  it('ends its retries at shutdown', async () => {
    const store = new TestStore();
    const { app, site } = await startSite(store);
    store.fail();
    await site.createLoginRequest();

    await app.close();
    const { length } = store.calls;
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(store.calls).toHaveLength(length);
  });
});
