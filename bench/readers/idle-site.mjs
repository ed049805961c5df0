// A Nest application with the module on whose stream nothing happens, or one that has no stream.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSite } from '../harness/site.mjs';

export async function open({ baseUrl, listens }) {
  await startSite(baseUrl, { dispatcher: listens });
}

/** @returns {Promise<number>} processor time over `ms` milliseconds, in per cent */
export async function cpuPercent({ ms }) {
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / ms) * 100;
}
