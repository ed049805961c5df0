import type { RedisClient } from './redis-clients.js';

/**
 * What Redis does when its memory is full. Anything but `noeviction` throws logins away then; it must rather refuse new ones,
 * which are held until it has room. @returns `undefined` where Redis does not tell.
 */
export async function evictionPolicyOf(client: RedisClient): Promise<string | undefined> {
  const report = await client.info('memory');
  return /^maxmemory_policy:(\S+)/m.exec(report)?.[1];
}
