import { setTimeout as sleep } from 'node:timers/promises';
import type { PassportClaims } from 'nestjs-lime-sites';
import type { SandboxAgent } from 'nestjs-lime-sites/testing';
import type { Story } from '../console/story.js';
import type { LoginState } from '../login/login-api.controller.js';

const SHOWN = ['agent_id', 'user_id', 'request_id', 'iss'] as const;

/** An agent logs in from end to end, over HTTP, as every client of the site does. */
export async function demoLogin(
  url: string,
  agent: SandboxAgent,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const started = await fetch(`${url}/api/logins`, { method: 'POST', signal });
  const { requestId } = await bodyOf<{ requestId: string }>(started);
  const cookie = cookieOf(started);
  story.add('agent', 'POST /api/logins gave me the request; solving its proof of work');

  const startedAt = performance.now();
  const { attempts } = await agent.login(requestId, { signal });
  const ms = Math.round(performance.now() - startedAt);
  story.add('agent', `Solved with ${attempts.toLocaleString('en')} hashes, approved in ${ms} ms`);

  const headers = { cookie: await signedIn(`${url}/api/logins/${requestId}`, cookie, signal) };
  const claims = await bodyOf<PassportClaims>(await fetch(`${url}/api/me`, { headers, signal }));
  story.add('agent', 'GET /api/me answers with the claims of the passport in my session:');
  for (const name of SHOWN) story.detail(name, claims[name]);
}

/** Waits for the site: its event arrives a moment after the agent's answer. Gives the cookie of the signed-in session. */
async function signedIn(url: string, cookie: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const response = await fetch(url, { headers: { cookie }, signal });
    const { status } = await bodyOf<LoginState>(response);
    if (status === 'approved') return cookieOf(response);
    if (status === 'expired') throw new Error('The login expired');
    await sleep(20, undefined, { signal });
  }
}

function cookieOf({ headers }: Response): string {
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function bodyOf<Body extends object>(response: Response): Promise<Body> {
  if (response.ok) return (await response.json()) as Body;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}
