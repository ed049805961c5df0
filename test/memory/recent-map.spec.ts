import { describe, expect, it } from '@jest/globals';
import { RecentMap } from '../../lib/common/recent-map.js';

const CAPACITY = 10;

function filled(count: number): RecentMap<number> {
  const map = new RecentMap<number>(CAPACITY);
  for (let index = 0; index < count; index++) map.set(`key ${index}`, index);
  return map;
}

/** Each is asked of a map of its own, because asking is a use. */
function keptOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(
    (index) => filled(count).get(`key ${index}`) === index,
  );
}

describe('A map of what was used last', () => {
  it('keeps the last ones, as many as it was made for at least, and no more than twice as many', () => {
    for (let count = CAPACITY; count < 5 * CAPACITY; count++) {
      const kept = keptOf(count);
      const last = Array.from({ length: CAPACITY }, (_, index) => count - CAPACITY + index);
      expect(kept.slice(-CAPACITY)).toEqual(last);
      expect(kept.length).toBeLessThanOrEqual(2 * CAPACITY);
    }
  });

  it('keeps what is asked for again and again, however many others come', () => {
    const map = filled(1);
    for (let index = 1; index < 100; index++) {
      map.set(`key ${index}`, index);
      expect(map.get('key 0')).toBe(0);
    }
  });

  it('lets a later value replace an earlier one, and forgets what is deleted, in either generation', () => {
    const map = filled(CAPACITY + 2);
    map.set('key 1', -1);
    map.set('key 11', -11);
    expect([map.get('key 1'), map.get('key 11')]).toEqual([-1, -11]);
    for (const key of ['key 2', 'key 10']) {
      map.delete(key);
      expect(map.get(key)).toBeUndefined();
    }
  });
});
