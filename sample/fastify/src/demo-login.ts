import { setTimeout as sleep } from 'node:timers/promises';
import { type LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';

interface State {
  readonly requestId: string;
  readonly passport?: string;
}

/** An agent logs in over HTTP and calls what the guard protects; then a person connects it to the login. */
export async function demoLogin(url: string, lime: LimeSandbox): Promise<void> {
  const started = await fetch(`${url}/api/logins`, { method: 'POST' });
  const cookie = started.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { requestId } = (await started.json()) as State;
  await new SandboxAgent(lime).login(requestId);
  console.log(`The agent approved ${requestId}`);

  const authorization = `Bearer ${await passportOf(`${url}/api/logins/${requestId}`, cookie)}`;
  for (const path of ['/api/me', '/api/vault']) {
    await show(`GET ${path} answers`, await fetch(url + path, { headers: { authorization } }));
  }

  // Acts for the person at LIME's connect page, who first declines and then picks the agent.
  const headers = { cookie };
  const { callbackUrl: declined } = lime.declineBinding(await startBinding(url, lime, cookie));
  await show('A declined binding:', await fetch(declined, { headers }));
  const { callbackUrl } = await lime.completeBinding(await startBinding(url, lime, cookie));
  await show('A completed binding:', await fetch(callbackUrl, { headers }));
}

async function passportOf(url: string, cookie: string): Promise<string> {
  for (;;) {
    const { passport } = (await (await fetch(url, { headers: { cookie } })).json()) as State;
    if (passport !== undefined) return passport;
    await sleep(20);
  }
}

async function startBinding(url: string, lime: LimeSandbox, cookie: string): Promise<string> {
  const response = await fetch(`${url}/api/agents`, { method: 'POST', headers: { cookie } });
  const { connectUrl } = (await response.json()) as { connectUrl: string };
  return lime.bindings().find((binding) => binding.connectUrl === connectUrl)?.bindingId ?? '';
}

async function show(what: string, response: Response): Promise<void> {
  console.log(`${what} ${response.status}:`, await response.json());
}
