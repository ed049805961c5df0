import { setTimeout as sleep } from 'node:timers/promises';
import { type LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';

interface State {
  readonly requestId: string;
  readonly passport?: string;
}

/** An agent logs in over HTTP, and calls what the guard protects. */
export async function demoLogin(url: string, lime: LimeSandbox): Promise<void> {
  const started = await fetch(`${url}/api/logins`, { method: 'POST' });
  const cookie = started.headers.get('set-cookie') ?? '';
  const { requestId } = (await started.json()) as State;
  await new SandboxAgent(lime).login(requestId);
  console.log(`The agent approved ${requestId}`);

  const authorization = `Bearer ${await passportOf(`${url}/api/logins/${requestId}`, cookie)}`;
  for (const path of ['/api/me', '/api/vault']) {
    const response = await fetch(url + path, { headers: { authorization } });
    console.log(`GET ${path} answers ${response.status}:`, await response.json());
  }
}

async function passportOf(url: string, cookie: string): Promise<string> {
  for (;;) {
    const { passport } = (await (await fetch(url, { headers: { cookie } })).json()) as State;
    if (passport !== undefined) return passport;
    await sleep(20);
  }
}
