import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { EventReader } from './support/event-reader.js';
import { until } from '../support/until.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

describe('The event stream of the sandbox', () => {
  let lime: LimeSandbox;

  beforeEach(async () => {
    lime = await startSandbox();
  });
  afterEach(() => lime.stop());

  it('opens at once as text/event-stream and sends nothing', async () => {
    const reader = await EventReader.open(lime);

    expect(reader.response.statusCode).toBe(200);
    expect(reader.response.headers['content-type']).toBe('text/event-stream');
    expect(lime.openStreams).toBe(1);
    expect(reader.text).toBe('');
  });

  it('is refused without the right token', async () => {
    const reply = await new SiteClient(lime).call('/modules/agent-login/events', { token: 'no' });

    expect(reply.status).toBe(401);
    expect(lime.openStreams).toBe(0);
  });

  it('carries the passport of an approval, which becomes DELIVERED', async () => {
    const reader = await EventReader.open(lime);
    const { requestId } = lime.createLoginRequest();
    const approval = await lime.approve(requestId);

    expect(approval).toEqual({ requestId, passport: expect.any(String), status: 'DELIVERED' });
    expect(await reader.until(1)).toEqual([
      {
        type: 'approved',
        login_request_id: requestId,
        agent_passport_jwt: approval.passport,
        status: 'APPROVED',
      },
    ]);
    expect(lime.request(requestId)?.status).toBe('DELIVERED');
  });

  it('carries the expiry of a request, by hand and by time', async () => {
    await lime.stop();
    lime = await startSandbox({ requestTtlMs: 20 });
    const reader = await EventReader.open(lime);
    const first = lime.createLoginRequest().requestId;
    const second = lime.createLoginRequest().requestId;
    lime.expire(second);

    expect(await reader.until(2)).toEqual([
      { type: 'expired', login_request_id: second },
      { type: 'expired', login_request_id: first },
    ]);
  });

  it('loses events while no stream is open', async () => {
    const { requestId } = lime.createLoginRequest();

    expect((await lime.approve(requestId)).status).toBe('APPROVED');

    const reader = await EventReader.open(lime);
    lime.send({ type: 'last' });
    expect(await reader.until(1)).toEqual([{ type: 'last' }]);
  });

  it('goes to every open stream by default', async () => {
    const readers = await Promise.all([EventReader.open(lime), EventReader.open(lime)]);
    lime.expire(lime.createLoginRequest().requestId);

    for (const reader of readers) expect(await reader.until(1)).toHaveLength(1);
  });

  it('goes to one open stream in turn with delivery single', async () => {
    await lime.stop();
    lime = await startSandbox({ delivery: 'single' });
    const { requestId } = lime.createLoginRequest();
    expect((await lime.approve(requestId)).status).toBe('APPROVED');

    const one = await EventReader.open(lime);
    const two = await EventReader.open(lime);
    const ids = Array.from({ length: 4 }, () => lime.createLoginRequest().requestId);
    for (const id of ids) lime.expire(id);
    lime.send({ type: 'last' });

    const idsOf = (frames: Record<string, unknown>[]) => frames.map((f) => f['login_request_id']);
    expect(idsOf(await one.until(3))).toEqual([ids[0], ids[2], undefined]);
    expect(idsOf(await two.until(3))).toEqual([ids[1], ids[3], undefined]);
  });

  it('sends keepalives at the configured interval, until they are paused', async () => {
    await lime.stop();
    lime = await startSandbox({ keepaliveMs: 3 });
    const reader = await EventReader.open(lime);

    expect(await reader.until(2)).toContainEqual({ type: 'keepalive' });
    expect(reader.text.startsWith('data: {"type":"keepalive"}\n\n')).toBe(true);

    lime.faults.pauseKeepalives();
    lime.send({ type: 'mark' });
    await reader.when(() => reader.text.includes('mark'));
    await sleep(15);
    expect(reader.text).toMatch(/"mark"}\n\n$/);

    lime.faults.resumeKeepalives();
    await reader.when(() => /"mark"}\n\ndata: {"type":"keepalive"}\n\n/.test(reader.text));
  });

  it('sends no keepalive with interval 0', async () => {
    await lime.stop();
    lime = await startSandbox({ keepaliveMs: 0 });
    const reader = await EventReader.open(lime);
    lime.send({ type: 'only' });

    expect(await reader.until(1)).toEqual([{ type: 'only' }]);
  });

  it('carries strings and bytes unchanged', async () => {
    const reader = await EventReader.open(lime);

    expect(lime.send(': a comment\r\ndata: no json\n\n')).toBe(1);
    lime.send(new Uint8Array([0xff, 0xfe, 0x0a]));
    await reader.when(
      () => Buffer.concat(reader.chunks).at(-1) === 0x0a && reader.text.length > 30,
    );

    const bytes = Buffer.concat(reader.chunks);
    expect(bytes.subarray(0, -3).toString()).toBe(': a comment\r\ndata: no json\n\n');
    expect([...bytes.subarray(-3)]).toEqual([0xff, 0xfe, 0x0a]);
  });

  it('counts as closed when the reader has left', async () => {
    const reader = await EventReader.open(lime);
    reader.close();

    await until(() => lime.openStreams === 0);
    expect(lime.send({ type: 'unheard' })).toBe(0);
  });

  it('does not open for a reader that leaves during a delay', async () => {
    lime.faults.delay('events', 20);
    const leaving = new AbortController();
    const opening = fetch(`${lime.baseUrl}/modules/agent-login/events`, {
      headers: { 'x-site-token': lime.siteToken },
      signal: leaving.signal,
    });
    await until(() => lime.callCount('events') === 1);
    leaving.abort();
    await expect(opening).rejects.toThrow(/abort/);
    lime.faults.clear();

    await EventReader.open(lime);
    await lime.whenStreamOpen();
    expect(lime.openStreams).toBe(1);
  });

  it('carries 50 000 events in order to a reader that is slow at first', async () => {
    const reader = await EventReader.open(lime);
    reader.response.pause();
    const passport = 'p'.repeat(500);
    for (let number = 0; number < 50_000; number += 1) {
      lime.send({
        type: 'approved',
        login_request_id: `lr_${number}`,
        agent_passport_jwt: passport,
      });
    }
    reader.response.resume();
    await reader.when(() => reader.chunks.at(-1)?.includes('lr_49999') ?? false);

    const ids = reader.frames.map((frame) => frame['login_request_id']);
    expect(ids).toHaveLength(50_000);
    expect(ids.every((id, number) => id === `lr_${number}`)).toBe(true);
  });

  it('carries the approvals of 2 000 logins at once', async () => {
    const reader = await EventReader.open(lime);
    const ids = Array.from({ length: 2_000 }, () => lime.createLoginRequest().requestId);
    await Promise.all(ids.map((id) => lime.approve(id)));
    const received = () =>
      reader.frames.flatMap(({ type, login_request_id: id }) => (type === 'approved' ? id : []));
    await reader.when(() => received().length === 2_000);

    expect(new Set(received())).toEqual(new Set(ids));
  });
});

describe('whenStreamOpen()', () => {
  it('resolves as soon as enough streams are open', async () => {
    const lime = await startSandbox();
    const both = lime.whenStreamOpen(2);
    const one = lime.whenStreamOpen();
    await EventReader.open(lime);
    await one;
    await EventReader.open(lime);
    await both;

    expect(lime.openStreams).toBe(2);
    await lime.stop();
  });

  it('rejects after its timeout, and when the sandbox stops', async () => {
    const lime = await startSandbox();
    await expect(lime.whenStreamOpen(1, 5)).rejects.toMatchObject({
      code: 'SANDBOX_TIMEOUT',
      message: '0 of 1 event streams were open after 5 ms.',
    });

    const waiting = expect(lime.whenStreamOpen()).rejects.toThrow('stopped');
    await lime.stop();
    await waiting;
    await expect(lime.whenStreamOpen()).rejects.toMatchObject({ code: 'SANDBOX_STOPPED' });
  });
});
