import { describe, expect, it } from '@jest/globals';
import { CallLog } from '../../lib/testing/call-log.js';

describe('The log of calls', () => {
  it('remembers the last 10 000 and counts all', () => {
    const log = new CallLog();
    for (let number = 0; number < 25_000; number += 1) {
      log.add({
        method: 'POST',
        path: `/${number}`,
        target: 'create',
        headers: {},
        siteToken: true,
        agentToken: false,
        at: new Date(),
      });
    }

    expect(log.last()).toHaveLength(10_000);
    expect(log.last().at(0)?.path).toBe('/15000');
    expect(log.last().at(-1)?.path).toBe('/24999');
    expect(log.count('create')).toBe(25_000);
  });
});
