import { setTimeout as sleep } from 'node:timers/promises';
import type { PassportClaims } from 'nestjs-lime-sites';
import type { SandboxAgent } from 'nestjs-lime-sites/testing';
import type { Story } from '../console/story.js';
import type { LoginState } from '../sessions.js';

const SHOWN = ['agent_id', 'agent_reputation', 'user_id', 'user_kyc_level'] as const;

/** An agent logs in from end to end, over HTTP, as any client of the site would. */
export async function demoLogin(
  url: string,
  agent: SandboxAgent,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const { requestId } = await call<{ requestId: string }>(`${url}/login`, {
    method: 'POST',
    signal,
  });
  story.tell('agent', 'POST /login gave me the request; solving its proof of work');

  const started = performance.now();
  const { attempts } = await agent.login(requestId, { signal });
  const ms = Math.round(performance.now() - started);
  story.tell('agent', `Solved with ${attempts.toLocaleString('en')} hashes, approved in ${ms} ms`);

  const passport = await passportOf(`${url}/login/${requestId}`, signal);
  const claims = await call<PassportClaims>(`${url}/me`, {
    headers: { authorization: `Bearer ${passport}` },
    signal,
  });
  story.tell('agent', 'GET /me with the passport answers with its claims:');
  for (const name of SHOWN) story.detail(name, String(claims[name]));
}

async function passportOf(url: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const state = await call<LoginState>(url, { signal });
    if (state.status === 'approved') return state.passport;
    if (state.status === 'expired') throw new Error('The login expired');
    await sleep(20, undefined, { signal });
  }
}

async function call<Body extends object>(url: string, init: RequestInit): Promise<Body> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}
