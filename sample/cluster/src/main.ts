import { setTimeout as sleep } from 'node:timers/promises';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { Board, short } from './board.js';
import { startRedis } from './redis-process.js';
import { ReplicaProcess } from './replica-process.js';
import type { Message } from './story.js';

const REPLICAS = 3;
const LOGINS = 24;

// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
const ended = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));

const redis = await startRedis();
const lime = await LimeSandbox.start();
const env = { ...lime.env(), REDIS_URL: redis.url };
const board = new Board(REPLICAS + 1);
const replicas: ReplicaProcess[] = [];

for (let number = 1; number <= REPLICAS; number++) await addReplica(number);
await lime.whenStreamOpen(REPLICAS);
board.heading();

const ids: string[] = [];
for (let index = 0; index < LOGINS; index++) {
  const { requestId } = await post(`${anyReplica().url}/logins`);
  ids.push(requestId);
  await lime.approve(requestId);
  await sleep(150);
  if (index === LOGINS / 2) await killOneAtWork();
}
while (board.handled < LOGINS) await sleep(50);

const [first = ''] = ids;
for (const { number, url } of replicas) {
  const answer = await fetch(`${url}/logins/${first}`);
  console.log(`Replica ${number}: GET /logins/${short(first)}… answers ${await answer.text()}`);
}
console.log(
  `${LOGINS} logins, ${board.handled} handled, ${board.takeovers} taken over. Ctrl-C ends.`,
);

await ended;
await Promise.all(replicas.map((replica) => replica.end()));
await lime.stop();
await redis.stop();

async function addReplica(number: number): Promise<void> {
  const replica = await ReplicaProcess.start(number, env, note);
  replicas.push(replica);
  console.log(`Replica ${number} listens at ${replica.url}`);
}

function anyReplica(): ReplicaProcess {
  const replica = replicas[Math.floor(Math.random() * replicas.length)];
  if (!replica) throw new Error('no replica is left');
  return replica;
}

/** Kills a replica that has a login in flight, and starts another one. */
async function killOneAtWork(): Promise<void> {
  const victim = replicas.find(({ inFlight }) => inFlight.size > 0) ?? anyReplica();
  await victim.kill();
  replicas.splice(replicas.indexOf(victim), 1);
  const left = [...victim.inFlight].map(short).join(', ') || 'no login';
  board.note(`replica ${victim.number} is killed with ${left} in flight`);
  void addReplica(REPLICAS + 1);
}

function note(message: Message, { number }: ReplicaProcess): void {
  if (message.kind === 'started') board.started(message.requestId, number);
  if (message.kind === 'handled') board.handledBy(message.requestId, number);
}

async function post(url: string): Promise<{ requestId: string }> {
  const response = await fetch(url, { method: 'POST' });
  return (await response.json()) as { requestId: string };
}
