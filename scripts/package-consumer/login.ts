// An application that was made from the README, run from the installed package.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { AgentLogins, AppModule } from './app.module.js';

const lime = await LimeSandbox.start();
Object.assign(process.env, lime.env());
const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'], abortOnError: false });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const { sessions } = app.get(AgentLogins);

const first = await startLogin();
const { passport } = await lime.approve(first);
await until(() => sessions.has(first));
const me = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${passport}` } });
assert.equal(me.status, 200);
const claims = (await me.json()) as { agent_id: string };
assert.equal(claims.agent_id, lime.agent.agentId);

const second = await startLogin();
await new SandboxAgent(lime).login(second);
await until(() => sessions.get(second) === lime.agent.agentId);

lime.expire(await startLogin());
assert.equal((await fetch(`${url}/me`)).status, 401);

await app.close();
await lime.stop();
console.log(`logged in on Node ${process.versions.node}`);

async function startLogin(): Promise<string> {
  const response = await fetch(`${url}/login`, { method: 'POST' });
  assert.equal(response.status, 201);
  const { requestId } = (await response.json()) as { requestId: string };
  return requestId;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'the event did not arrive');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
