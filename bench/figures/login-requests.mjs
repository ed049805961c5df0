import { Agent, request } from 'node:http';
import { figure, inTurn, perSecond, row, runAtOnce } from '../harness/measure.mjs';
import { startSite } from '../harness/site.mjs';

const WAYS = [
  { name: 'createLoginRequest, one by one', inFlight: 1, count: 1_500 },
  { name: 'createLoginRequest, 50 at once', inFlight: 50, count: 4_000 },
];

/** Login requests created, beside the same call through node:http with keep-alive. */
export const measure = figure(async (context) => {
  const { platform, baseUrl, scale } = context;
  const { app, site } = await startSite(baseUrl);
  await platform.call('whenStreams', { count: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const rows = [];
  for (const { name, inFlight, count } of WAYS) {
    const rate = (call) => perSecond(count * scale, () => runAtOnce(count * scale, inFlight, call));
    const samples = await inTurn({
      ...context,
      begin: async () => ({
        limit: () => rate(() => post(baseUrl, agent)),
        ours: () => rate(() => site.createLoginRequest()),
      }),
    });
    rows.push(row({ name, unit: 'requests/s', ...samples, floor: { atLeast: 0.8 } }));
  }
  agent.destroy();
  await app.close();
  return { rows };
});

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
