import { describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { HttpClient } from './support/http-client.js';
import { useSample } from './support/use-sample.js';

describe('The sample', () => {
  const startSample = useSample();

  it('gives a browser a new session id when it starts a login and when it signs in', async () => {
    const client = new HttpClient(await startSample());

    const requestId = await client.startLogin();
    const waiting = client.cookie;
    await client.approve(requestId, 'alice');
    expect(await client.account()).toBe('alice');
    const signedIn = client.cookie;
    await client.startLogin();

    expect(new Set([waiting, signedIn, client.cookie]).size).toBe(3);
  });

  it('signs a browser in on its next request, and once', async () => {
    const sample = await startSample();
    const client = new HttpClient(sample);

    const requestId = await client.startLogin();
    const waiting = client.cookie;
    await client.approve(requestId, 'alice');
    const answers = await Promise.all([
      new HttpClient(sample, waiting).send('GET', '/account'),
      new HttpClient(sample, waiting).send('GET', '/account'),
    ]);

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 303]);
    expect(await new HttpClient(sample, waiting).account()).toBeUndefined();
  });

  it.each([
    { next: '/account/agents', result: /\/connect\// },
    { next: '/login', result: /\/login\// },
  ])('signs a browser in whose next request is a POST to $next', async ({ next, result }) => {
    const client = new HttpClient(await startSample());

    await client.approve(await client.startLogin(), 'alice');
    const response = await client.send('POST', next);

    expect(response.headers.get('location')).toMatch(result);
    expect(await client.account()).toBe('alice');
  });

  it('ends the session of one agent when another agent signs in', async () => {
    const sample = await startSample();
    const client = new HttpClient(sample);

    await client.logIn('alice');
    const before = client.cookie;
    await client.logIn('bob');

    expect(await client.account()).toBe('bob');
    expect(await new HttpClient(sample, before).account()).toBeUndefined();
  });

  it('gives two logins that start at once with one cookie a session each', async () => {
    const client = new HttpClient(await startSample());
    await client.startLogin();

    const [first, second] = await client.startLoginsAtOnce(2);

    if (!first || !second) throw new Error('no two answers');
    expect(first.client.cookie).not.toBe(second.client.cookie);
    expect(first.requestId).not.toBe(second.requestId);
    for (const [{ client: one }, { requestId: other }] of [
      [first, second],
      [second, first],
    ] as const) {
      expect((await one.send('GET', `/login/${other}`)).status).toBe(404);
    }
  });

  it('does not sign in a browser that planted one of its two session ids in another browser', async () => {
    const sample = await startSample();
    const attacker = new HttpClient(sample);
    await attacker.startLogin();
    const prepared = await attacker.startLoginsAtOnce(2);
    const ids = [attacker, ...prepared.map(({ client }) => client)].map(({ cookie }) => cookie);

    for (const planted of ids) {
      const victim = new HttpClient(sample, planted);
      const requestId = await victim.startLogin();
      await victim.approve(requestId, 'victim');

      for (const id of ids) {
        const thief = new HttpClient(sample, id);
        expect((await thief.send('GET', `/api/logins/${requestId}`)).status).toBe(404);
        expect(await thief.account()).toBeUndefined();
      }
      expect(await victim.account()).toBe('victim');
    }
  });

  it('leaves no second session of a signed-in browser that starts two logins at once', async () => {
    const sample = await startSample();
    const client = new HttpClient(sample);
    await client.logIn('alice');

    const sessions = await client.startLoginsAtOnce(2);
    const accounts = await Promise.all(sessions.map((session) => session.client.account()));

    expect(accounts.filter((account) => account === 'alice')).toHaveLength(1);
  });

  it.each([
    { browser: 'that is signed in', first: 'alice', place: '/account' },
    { browser: 'that is not signed in', first: undefined, place: '/' },
  ])('drops a login that a person gave up in a browser $browser', async ({ first, place }) => {
    const client = new HttpClient(await startSample());
    if (first !== undefined) await client.logIn(first);

    const requestId = await client.startLogin();
    const response = await client.send('POST', `/login/${requestId}/cancel`);
    await client.approve(requestId, 'mallory');

    expect(response.headers.get('location')).toBe(place);
    expect((await client.send('GET', `/login/${requestId}`)).status).toBe(404);
    expect(await client.account()).toBe(first);
  });

  it('drops a login that an agent approved just before the person gave it up', async () => {
    const client = new HttpClient(await startSample());

    const requestId = await client.startLogin();
    await client.approve(requestId, 'mallory');
    await client.send('POST', `/login/${requestId}/cancel`);

    expect(await client.account()).toBeUndefined();
  });

  it('lets only the browser that started a login give it up', async () => {
    const sample = await startSample();
    const [owner, other] = [new HttpClient(sample), new HttpClient(sample)];

    const requestId = await owner.startLogin();
    await other.startLogin();
    expect((await other.send('POST', `/login/${requestId}/cancel`)).status).toBe(404);
    await owner.approve(requestId, 'alice');

    expect(await owner.account()).toBe('alice');
  });

  it('keeps the agent of a signed-in browser that left the page of a new login', async () => {
    const sample = await startSample();
    const client = new HttpClient(sample);
    await client.logIn('alice');

    const requestId = await client.startLogin();
    await client.approve(requestId, 'mallory');
    expect(await client.account()).toBe('alice');
    await client.send('POST', '/account/agents');
    const [binding] = sample.lime.bindings();
    const { callbackUrl } = await sample.lime.completeBinding(binding?.bindingId ?? '');
    const callback = await client.send('GET', callbackUrl);

    expect(callback.headers.get('location')).toBe('/account#agents');
    expect(await client.account()).toBe('alice');
  });

  it('changes the agent of a signed-in browser that comes back to the page of the new login', async () => {
    const client = new HttpClient(await startSample());
    await client.logIn('alice');

    const requestId = await client.startLogin();
    await client.approve(requestId, 'bob');
    const response = await client.send('GET', `/login/${requestId}`);

    expect(response.headers.get('location')).toBe('/account');
    expect(await client.account()).toBe('bob');
  });

  it('does not sign in on an approval that comes after the page has shown the expiry', async () => {
    const sample = await startSample({ requestTtlMs: 1_000 });
    const [client, other] = [new HttpClient(sample), new HttpClient(sample)];
    sample.lime.faults.missExpiry();

    const requestId = await client.startLogin();
    await sample.outcome(requestId);
    const page = await (await client.send('GET', `/login/${requestId}`)).text();
    const passport = await sample.lime.signPassport({ request_id: requestId });
    const approval = { login_request_id: requestId, agent_passport_jwt: passport };
    sample.lime.send({ type: 'approved', ...approval });
    await other.logIn('other'); // its event comes after the late one

    expect(page).toContain('This login has expired');
    expect(await other.account()).toBe('other');
    expect(await client.account()).toBeUndefined();
  });

  it('does not bring a session back that ended while LIME made a binding', async () => {
    const sample = await startSample();
    const client = new HttpClient(sample);
    await client.logIn('alice');
    const signedIn = client.cookie;
    sample.lime.faults.delay('binding', 100);

    const binding = new HttpClient(sample, signedIn).send('POST', '/account/agents');
    await until(() => sample.lime.callCount('binding') === 1);
    await client.send('POST', '/logout');

    expect((await binding).headers.get('location')).toBe('/');
    expect(await new HttpClient(sample, signedIn).account()).toBeUndefined();
  });

  it('keeps the cookie on HTTPS when PUBLIC_URL says so', async () => {
    const sample = await startSample(undefined, { PUBLIC_URL: 'https://grove.example' });

    const response = await new HttpClient(sample).send('POST', '/login');

    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-grove=\S+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });
});
