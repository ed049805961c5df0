import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SettlementMemory } from '../../lib/dispatcher/settlement-memory.js';

const CAPACITY = 100_000;

describe('The memory of settlements', () => {
  it('knows the last 100 000 requests, and how each was settled', () => {
    const memory = new SettlementMemory(CAPACITY);
    const ids = Array.from({ length: 3 * CAPACITY + 7 }, () => randomUUID());
    for (const [index, id] of ids.entries()) memory.set(id, settlementOf(index));

    const wrong = ids
      .map((id, index) => ({ actual: memory.get(id), expected: settlementOf(index) }))
      .slice(-CAPACITY)
      .filter(({ actual, expected }) => actual !== expected);
    expect(wrong).toEqual([]);
    expect(memory.get(ids[0] ?? '')).toBeUndefined(); // forgotten in the end
  });

  it('takes none of a million new requests for one that it knows, also when their ids look alike', () => {
    const memory = new SettlementMemory(CAPACITY);
    for (let index = 0; index < 1.9 * CAPACITY; index++) memory.set(`lr_${index}`, 'expired');
    const known = Array.from({ length: 1_000_000 }, (_, index) => `lr_${2 * CAPACITY + index}`);
    expect(known.filter((id) => memory.get(id))).toEqual([]);
  });

  it.each([
    ['the empty id', '', '\u0000'],
    ['a NUL at the end', 'ab', 'ab\u0000'],
    ['an odd length', 'abc', 'abc\u0000'],
    ['another order', 'abcd', 'cdab'],
    ['characters above Latin-1', '\u0161', 'a'],
  ])('tells ids apart that differ little: %s', (_, one, other) => {
    const memory = new SettlementMemory(CAPACITY);
    memory.set(one, 'approved');
    expect(memory.get(one)).toBe('approved');
    expect(memory.get(other)).toBeUndefined();
  });

  it('lets a later word replace an earlier one, in either generation', () => {
    const memory = new SettlementMemory(10);
    memory.set('lr_1', 'expired locally');
    memory.set('lr_1', 'approved');
    expect(memory.get('lr_1')).toBe('approved');
    memory.set('lr_2', 'expired locally');
    for (let index = 10; index < 18; index++) memory.set(`lr_${index}`, 'expired');
    memory.set('lr_2', 'approved');
    expect(memory.get('lr_2')).toBe('approved');
  });
});

function settlementOf(index: number) {
  return (['approved', 'expired', 'expired locally'] as const)[index % 3] ?? 'approved';
}
