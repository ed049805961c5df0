import { describe, expect, it } from '@jest/globals';
import { IdleTimeout } from '../../lib/stream/idle-timeout.js';
import { ManualClock } from '../support/manual-clock.js';

const SECOND = 1_000;
const READ_TIMEOUT_MS = 310 * SECOND;

/** A started idle timeout, and the idle times that it reported. */
function startTimeout(readTimeoutMs = READ_TIMEOUT_MS) {
  const clock = new ManualClock();
  const idle = new IdleTimeout(clock, readTimeoutMs);
  const timeouts: number[] = [];
  const start = () => idle.start((idleMs) => timeouts.push(idleMs));
  const keepalives = (...intervals: number[]) => {
    for (const interval of intervals) {
      clock.advance(interval);
      idle.received();
      idle.keepalive();
    }
  };
  start();
  return { clock, idle, timeouts, keepalives, start };
}

describe('The idle timeout', () => {
  it('is the read timeout until two keepalives have come', () => {
    const { idle, keepalives } = startTimeout();
    expect(idle.timeoutMs).toBe(READ_TIMEOUT_MS);
    keepalives(20 * SECOND);
    expect(idle.timeoutMs).toBe(READ_TIMEOUT_MS);
    keepalives(20 * SECOND);
    expect(idle.timeoutMs).toBe(60 * SECOND);
  });

  it.each([
    ['three times the longest interval', [1, 30, 2, 28], 90],
    ['15 s at least', [1, 1, 1, 1], 15],
    ['15 s for an interval of 5 s', [1, 5], 15],
    ['the read timeout at most', [1, 200], 310],
    [
      'three times the longest of the last ten intervals',
      [1, 60, ...Array.from({ length: 9 }, () => 10)],
      180,
    ],
    ['not three times the eleventh last', [1, 60, ...Array.from({ length: 10 }, () => 10)], 30],
  ])('is %s', (_, intervals, limit) => {
    const { idle, keepalives } = startTimeout();

    keepalives(...intervals.map((seconds) => seconds * SECOND));

    expect(idle.timeoutMs).toBe(limit * SECOND);
  });

  it('counts keepalives less than 100 ms apart as one', () => {
    const { idle, keepalives } = startTimeout();
    keepalives(20 * SECOND, 50, 49);
    expect(idle.timeoutMs).toBe(READ_TIMEOUT_MS);
    keepalives(1);
    expect(idle.timeoutMs).toBe(15 * SECOND);
  });

  it('measures from the first keepalive of such a pair', () => {
    const { idle, keepalives } = startTimeout();

    keepalives(SECOND, 20 * SECOND, 99, 19_901);

    expect(idle.timeoutMs).toBe(60 * SECOND);
  });

  it('ignores an interval that spans a pause', () => {
    const { clock, idle, keepalives } = startTimeout();
    keepalives(10 * SECOND, 10 * SECOND);
    idle.pause();
    clock.advance(100 * SECOND);
    idle.resume();
    keepalives(SECOND);
    expect(idle.timeoutMs).toBe(30 * SECOND);
    keepalives(12 * SECOND);
    expect(idle.timeoutMs).toBe(36 * SECOND);
  });

  it('keeps its intervals for the next connection', () => {
    const { idle, keepalives, start } = startTimeout();
    keepalives(10 * SECOND, 10 * SECOND);

    idle.pause();
    start();

    expect(idle.timeoutMs).toBe(30 * SECOND);
  });
});

describe('The timer', () => {
  it('fires once, one turn after the timeout, with the idle time', () => {
    const { clock, timeouts } = startTimeout();

    clock.advance(READ_TIMEOUT_MS);
    expect(timeouts).toEqual([]);
    clock.advance(1);
    expect(timeouts).toEqual([READ_TIMEOUT_MS + 1]);
    clock.advance(10 * READ_TIMEOUT_MS);

    expect(timeouts).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it('starts over whenever bytes arrive', () => {
    const { clock, idle, timeouts } = startTimeout();
    clock.advance(200 * SECOND);
    idle.received();

    clock.advance(READ_TIMEOUT_MS);
    expect(timeouts).toEqual([]);
    clock.advance(1);

    expect(timeouts).toEqual([READ_TIMEOUT_MS + 1]);
  });

  it('does not fire when bytes arrive in the last turn, as after a stall of this process', () => {
    const { clock, idle, timeouts } = startTimeout();
    clock.advance(READ_TIMEOUT_MS);

    idle.received();
    clock.advance(READ_TIMEOUT_MS);
    expect(timeouts).toEqual([]);
    clock.advance(1);

    expect(timeouts).toHaveLength(1);
  });

  it('fires at the new timeout when that shrinks while it runs', () => {
    const { clock, timeouts, keepalives } = startTimeout();
    keepalives(SECOND, SECOND);

    clock.advance(15 * SECOND);
    expect(timeouts).toEqual([]);
    clock.advance(15 * SECOND);

    expect(timeouts).toHaveLength(1);
    expect(timeouts[0]).toBeLessThan(30 * SECOND);
  });

  it('gives the next connection a longer timeout after it fired', () => {
    const { clock, idle, timeouts, keepalives } = startTimeout();
    keepalives(SECOND, SECOND);

    clock.advance(30 * SECOND);

    expect(idle.timeoutMs).toBe(3 * (timeouts[0] ?? 0));
  });

  it('stops during a pause, and starts from zero after it', () => {
    const { clock, idle, timeouts } = startTimeout();
    clock.advance(300 * SECOND);
    idle.pause();
    expect(clock.waits).toEqual([]);
    clock.advance(READ_TIMEOUT_MS);
    idle.resume();

    clock.advance(READ_TIMEOUT_MS);
    expect(timeouts).toEqual([]);
    clock.advance(1);

    expect(timeouts).toEqual([READ_TIMEOUT_MS + 1]);
  });

  it('calls the function of the latest start only', () => {
    const { clock, idle, timeouts } = startTimeout();
    const later: number[] = [];

    idle.start((idleMs) => later.push(idleMs));
    clock.advance(READ_TIMEOUT_MS + 1);

    expect(timeouts).toEqual([]);
    expect(later).toHaveLength(1);
  });

  it('fires in time with a read timeout of less than 15 s', () => {
    const { clock, timeouts } = startTimeout(2 * SECOND);

    clock.advance(2 * SECOND + 1);

    expect(timeouts).toEqual([2 * SECOND + 1]);
  });
});
