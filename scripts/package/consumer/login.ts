// An application that was made from the README, run from the installed package: once on each HTTP platform named.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { AgentLogins, AppModule } from './app.module.js';

const OPTIONS = { logger: ['warn', 'error'] as ['warn', 'error'], abortOnError: false };
const PLATFORMS: Record<string, () => Promise<INestApplication>> = {
  express: () => NestFactory.create(AppModule, OPTIONS),
  fastify: () => NestFactory.create(AppModule, new FastifyAdapter(), OPTIONS),
};

/** Top-level await would keep bundlers from making CommonJS of this file. */
async function main(): Promise<void> {
  for (const platform of process.argv.slice(2)) await logInOn(platform);
}

async function logInOn(platform: string): Promise<void> {
  const create = PLATFORMS[platform];
  assert.ok(create, `no platform ${platform}`);
  const lime = await LimeSandbox.start();
  Object.assign(process.env, lime.env());
  const app = await create();
  await app.listen(0, '127.0.0.1');
  await logIn(app, lime);
  await app.close();
  await lime.stop();
  console.log(`logged in on ${platform}, Node ${process.versions.node}`);
}

async function logIn(app: INestApplication, lime: LimeSandbox): Promise<void> {
  const url = await app.getUrl();
  const { sessions } = app.get(AgentLogins);

  const first = await startLogin(url);
  const { passport } = await lime.approve(first);
  await until(() => sessions.has(first));
  const me = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${passport}` } });
  assert.equal(me.status, 200);
  const claims = (await me.json()) as { agent_id: string };
  assert.equal(claims.agent_id, lime.agent.agentId);

  const second = await startLogin(url);
  await new SandboxAgent(lime).login(second);
  await until(() => sessions.get(second) === lime.agent.agentId);

  lime.expire(await startLogin(url));
  assert.equal((await fetch(`${url}/me`)).status, 401);
}

async function startLogin(url: string): Promise<string> {
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

void main();
