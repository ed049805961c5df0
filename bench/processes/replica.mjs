// One replica of a site: a Nest application with the module, whose logins are delivered over BullMQ.
import { bullMqCluster } from '../../dist/bullmq/index.js';
import { startSite } from '../harness/site.mjs';
import { WorkDone } from '../harness/work-done.mjs';

const done = new WorkDone();

export async function open({ baseUrl, path, concurrency }) {
  const cluster = bullMqCluster({ connection: { path } });
  const { site } = await startSite(baseUrl, { cluster, concurrency });
  site.onLogin(async function noteLogin() {
    done.note();
  });
}

export const take = () => done.take();
