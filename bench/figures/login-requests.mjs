import { Agent, request } from 'node:http';
import { inTurn } from '../harness/in-turn.mjs';
import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';
import { perSecond } from '../harness/timing.mjs';

const WAYS = [
  { name: 'createLoginRequest, one by one', inFlight: 1 },
  { name: 'createLoginRequest, 50 at once', inFlight: 50 },
];

/** Login requests created, beside the same call through node:http with keep-alive. */
export async function loginRequests(context) {
  const { load, baseUrl, scale } = context;
  const { app, site } = await startSite(baseUrl);
  await load.call('whenStreams', { count: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const rows = [];
  for (const { name, inFlight } of WAYS) {
    const count = (inFlight === 1 ? 1_500 : 4_000) * scale;
    const samples = await inTurn({
      ...context,
      limit: () => rateOf(count, inFlight, () => post(baseUrl, agent)),
      ours: () => rateOf(count, inFlight, () => site.createLoginRequest()),
    });
    rows.push(rowOf({ name, unit: 'requests/s', ...samples, target: { atLeast: 0.8 } }));
  }
  agent.destroy();
  await app.close();
  return { rows };
}

/** So many calls, so many of them at once. */
function rateOf(count, inFlight, call) {
  let left = count;
  const work = async () => {
    while (left-- > 0) await call();
  };
  return perSecond(count, () => Promise.all(Array.from({ length: inFlight }, work)));
}

/** The least that creating a login request can be. */
function post(baseUrl, agent) {
  const headers = {
    'content-type': 'application/json',
    'content-length': 2,
    'x-site-token': 'st_bench',
  };
  return new Promise((resolve, reject) => {
    const call = request(
      `${baseUrl}/modules/agent-login/requests`,
      { method: 'POST', headers, agent },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(JSON.parse(text).data));
      },
    );
    call.on('error', reject);
    call.end('{}');
  });
}
