import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { LimeLoginEvent } from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

/** Creates a login for each of three tenants, in the asynchronous context of its request. */
async function startTenants() {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 60_000 });
  const { site } = await start.site({ lime, clock });
  await until(() => site.connection.state === 'open');
  const storage = new AsyncLocalStorage<string>();
  const seen: [LimeLoginEvent['type'], string | undefined][] = [];
  site.onLogin(({ type }) => void seen.push([type, storage.getStore()]));
  const ids: string[] = [];
  for (const tenant of ['A', 'B', 'C']) {
    ids.push((await storage.run(tenant, () => site.createLoginRequest())).requestId);
  }
  return { clock, lime, site, storage, seen, ids };
}

describe('With AsyncLocalStorage, a handler runs outside of every request', () => {
  it('after a timer that the first of three requests started expires all of them', async () => {
    const { clock, lime, seen } = await startTenants();
    lime.faults.missExpiry();

    clock.advance(90_000);
    await until(() => seen.length === 3);

    expect(seen).toEqual(Array.from({ length: 3 }, () => ['expired', undefined]));
  });

  it('after recovery has found the outcomes of a gap', async () => {
    const { clock, lime, site, seen, ids } = await startTenants();
    lime.faults.dropStreams();
    await until(() => site.connection.state === 'reconnecting');
    for (const id of ids) lime.expire(id);
    await until(() => {
      clock.advance(100);
      return seen.length === 3;
    });

    expect(seen).toEqual(Array.from({ length: 3 }, () => ['expired', undefined]));
  });

  it('after another handler has entered a context', async () => {
    const { lime, site, storage, seen, ids } = await startTenants();
    site.onLogin(() => storage.enterWith('entered by a handler'));

    for (const id of ids) lime.expire(id);
    await until(() => seen.length === 3);

    expect(seen).toEqual(Array.from({ length: 3 }, () => ['expired', undefined]));
  });
});
