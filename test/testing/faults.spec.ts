import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { EventReader } from './support/event-reader.js';
import { until } from '../support/until.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

describe('Faults on calls', () => {
  let lime: LimeSandbox;
  let site: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox();
    site = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  it('answer with a given response, once by default, in the order in which they were set', async () => {
    lime.faults.respond('create', {
      status: 503,
      body: { ok: false, error: { code: 'BUSY', message: 'busy' } },
      headers: { 'Retry-After': '2' },
    });
    lime.faults.respond('create', {
      status: 200,
      body: '<html>',
      headers: { 'Content-Type': 'text/html' },
    });
    lime.faults.respond('create', { status: 204 });

    const busy = await site.create();
    expect([busy.status, busy.body.error['code']]).toEqual([503, 'BUSY']);
    expect(busy.headers.get('retry-after')).toBe('2');
    const page = await site.create();
    expect([page.text, page.headers.get('content-type')]).toEqual(['<html>', 'text/html']);
    expect((await site.create()).status).toBe(204);
    expect((await site.create()).status).toBe(201);
    expect(lime.requests()).toHaveLength(1);
  });

  it('apply a given number of times, or until they are cleared', async () => {
    lime.faults.respond('status', { status: 500, times: 2 });
    lime.faults.respond('jwks', { status: 500, times: Infinity });
    lime.faults.respond('binding', { status: 500, times: 0 });
    const id = await site.createId();

    expect((await site.status(id)).status).toBe(500);
    expect((await site.status(id)).status).toBe(500);
    expect((await site.status(id)).status).toBe(200);
    for (let time = 0; time < 5; time += 1) expect((await site.jwks()).status).toBe(500);
    expect((await site.bind('https://site.example/')).status).toBe(201);

    lime.faults.clear();
    expect((await site.jwks()).status).toBe(200);
  });

  it('apply only to the calls that the filter chooses', async () => {
    const [one, two] = [await site.createId(), await site.createId()];
    lime.faults.respond('status', {
      status: 500,
      times: Infinity,
      when: ({ path }) => path.endsWith(two),
    });

    expect((await site.status(one)).status).toBe(200);
    expect((await site.status(two)).status).toBe(500);
  });

  it('delay calls beside other faults', async () => {
    lime.faults.delay('create', 15, 1);
    lime.faults.delay('create', 0, 0);
    lime.faults.respond('create', { status: 418 });
    const start = performance.now();

    expect((await site.create()).status).toBe(418);
    expect(performance.now() - start).toBeGreaterThanOrEqual(14);
    expect((await site.create()).status).toBe(201);
  });

  it('accept a call and never answer', async () => {
    lime.faults.hang('create');
    const hanging = site.create().then(
      () => 'answered',
      () => 'failed',
    );
    expect((await site.create()).status).toBe(201);
    const first = await Promise.race([hanging, Promise.resolve('still waiting')]);

    expect(first).toBe('still waiting');
    await lime.stop();
    expect(await hanging).toBe('failed');
    expect(lime.requests()).toHaveLength(1);
  });

  it('reset the connection before the work', async () => {
    lime.faults.reset('create');

    await expect(site.create()).rejects.toThrow('fetch failed');
    expect(lime.requests()).toHaveLength(0);
  });

  it('lose the answer after the work', async () => {
    lime.faults.loseAnswer('create');
    lime.faults.loseAnswer('events');

    await expect(site.create()).rejects.toThrow('fetch failed');
    expect(lime.requests()).toHaveLength(1);
    await expect(EventReader.open(lime)).rejects.toThrow('socket hang up');
    expect(lime.openStreams).toBe(0);
  });

  it('end with the sandbox, also during a delay', async () => {
    lime.faults.delay('create', 60_000);
    const delayed = expect(site.create()).rejects.toThrow('fetch failed');
    await until(() => lime.callCount('create') === 1);

    await lime.stop();
    await delayed;
  });

  it('lose the answer of a successful approval', async () => {
    const { requestId } = lime.createLoginRequest();
    lime.faults.loseAnswer('approve');

    await expect(new SandboxAgent(lime).login(requestId)).rejects.toMatchObject({
      code: 'SANDBOX_AGENT_FAILED',
    });
    expect(lime.request(requestId)?.status).toBe('APPROVED');
  });

  it('answer 500 when their body is not JSON', async () => {
    lime.faults.respond('create', { status: 200, headers: { 'bad header': 'x' } });

    const reply = await site.create();
    expect([reply.status, reply.body.error['code']]).toEqual([500, 'INTERNAL_ERROR']);
  });
});

describe('Faults on event streams', () => {
  let lime: LimeSandbox;

  beforeEach(async () => {
    lime = await startSandbox({ keepaliveMs: 5 });
  });
  afterEach(() => lime.stop());

  const expireOne = () => {
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);
    return requestId;
  };

  it('end streams cleanly after earlier events', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.pauseKeepalives();
    for (let time = 0; time < 1_000; time += 1) lime.send({ type: 'x', pad: 'p'.repeat(400) });
    lime.faults.dropStreams();

    expect(lime.openStreams).toBe(0);
    expect(await reader.ended).toBe('end');
    expect(reader.frames.filter(({ type }) => type === 'x')).toHaveLength(1_000);
    lime.faults.dropStreams();
  });

  it('reset streams', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.resetStreams();

    expect(await reader.ended).toBe('ECONNRESET');
    expect(lime.openStreams).toBe(0);
  });

  it('freeze streams: open and without events until unfreezeStreams()', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.freezeStreams();
    const { requestId } = lime.createLoginRequest();
    expect((await lime.approve(requestId)).status).toBe('DELIVERED');
    const before = reader.text;

    const fresh = await EventReader.open(lime);
    await fresh.until(3);
    expect(reader.text).toBe(before);
    expect(lime.openStreams).toBe(2);

    lime.faults.unfreezeStreams();
    await reader.when(() => reader.text.includes(requestId));
    expect(fresh.text).not.toContain(requestId);
  });

  it('freeze streams with a slow reader, and keep every event in order', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.pauseKeepalives();
    reader.response.pause();
    const send = (from: number) => {
      for (let number = from; number < from + 1_000; number += 1) {
        lime.send({ number, pad: 'p'.repeat(500) });
      }
    };
    send(0);
    lime.faults.freezeStreams();
    send(1_000);
    reader.response.resume();
    await reader.when(() => reader.text !== '');
    lime.faults.unfreezeStreams();
    send(2_000);
    lime.send('data: {"number":"last"}\n\n');
    await reader.when(() => reader.tail.endsWith('"last"}\n\n'));

    const numbers = reader.frames.filter((f) => 'number' in f).map(({ number }) => number);
    expect(numbers).toEqual([...Array.from({ length: 3_000 }, (_, number) => number), 'last']);
  });

  it('end frozen streams without their queued events', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.freezeStreams();
    lime.send({ type: 'held' });
    lime.faults.dropStreams();

    expect(await reader.ended).toBe('end');
    expect(reader.text).not.toContain('held');
  });

  it('drop events that count as delivered', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.loseEvents(1);
    const { requestId } = lime.createLoginRequest();
    expect((await lime.approve(requestId)).status).toBe('DELIVERED');
    const next = expireOne();
    await reader.when(() => reader.text.includes(next));
    expect(reader.text).not.toContain(requestId);

    lime.faults.loseEvents();
    const lost = [expireOne(), expireOne(), expireOne()];
    lime.faults.clear();
    const last = expireOne();
    await reader.when(() => reader.text.includes(last));
    for (const id of lost) expect(reader.text).not.toContain(id);
  });

  it('send each event several times', async () => {
    const reader = await EventReader.open(lime);
    lime.faults.duplicateEvents();
    const twice = expireOne();
    lime.faults.duplicateEvents(3);
    const thrice = expireOne();
    lime.faults.clear();
    const once = expireOne();
    await reader.when(() => reader.text.includes(once));

    const count = (id: string) => reader.frames.filter((f) => f['login_request_id'] === id).length;
    expect([count(twice), count(thrice), count(once)]).toEqual([2, 3, 1]);
  });

  it('stop the expiries of the platform', async () => {
    await lime.stop();
    lime = await startSandbox({ requestTtlMs: 10 });
    const reader = await EventReader.open(lime);
    lime.faults.missExpiry();
    const { requestId } = lime.createLoginRequest();
    await until(() => lime.request(requestId)?.status === 'EXPIRED');
    const byHand = expireOne();
    await reader.when(() => reader.text.includes(byHand));

    expect(reader.text).not.toContain(requestId);
    lime.faults.clear();
    const { requestId: announced } = lime.createLoginRequest();
    await reader.when(() => reader.text.includes(announced));
  });
});
