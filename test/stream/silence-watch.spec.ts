import { describe, expect, it } from '@jest/globals';
import { SilenceWatch } from '../../lib/stream/silence-watch.js';
import { ManualClock } from '../support/manual-clock.js';

const SECOND = 1_000;
const READ_TIMEOUT_MS = 310 * SECOND;

/** A watch that has been started, and the silences that it was alarmed by. */
function startWatch(readTimeoutMs = READ_TIMEOUT_MS) {
  const clock = new ManualClock();
  const watch = new SilenceWatch(clock, readTimeoutMs);
  const alarms: number[] = [];
  const start = () => watch.start((silentForMs) => alarms.push(silentForMs));
  const beats = (...intervals: number[]) => {
    for (const interval of intervals) {
      clock.advance(interval);
      watch.heard();
      watch.beat();
    }
  };
  start();
  return { clock, watch, alarms, beats, start };
}

describe('the limit', () => {
  it('is the read time-out until two keepalives have come', () => {
    const { watch, beats } = startWatch();
    expect(watch.limitMs).toBe(READ_TIMEOUT_MS);
    beats(20 * SECOND);
    expect(watch.limitMs).toBe(READ_TIMEOUT_MS);
    beats(20 * SECOND);
    expect(watch.limitMs).toBe(60 * SECOND);
  });

  it.each([
    ['the longest interval, three times', [1, 30, 2, 28], 90],
    ['15 s at least', [1, 1, 1, 1], 15],
    ['15 s for an interval of 5 s', [1, 5], 15],
    ['the read time-out at most', [1, 200], 310],
    ['that of the last ten intervals', [1, 60, ...Array.from({ length: 9 }, () => 10)], 180],
    ['not that of the eleventh', [1, 60, ...Array.from({ length: 10 }, () => 10)], 30],
  ])('is %s', (_, intervals, limit) => {
    const { watch, beats } = startWatch();

    beats(...intervals.map((seconds) => seconds * SECOND));

    expect(watch.limitMs).toBe(limit * SECOND);
  });

  it('takes keepalives less than 100 ms apart for one', () => {
    const { watch, beats } = startWatch();
    beats(20 * SECOND, 50, 49);
    expect(watch.limitMs).toBe(READ_TIMEOUT_MS);
    beats(1);
    expect(watch.limitMs).toBe(15 * SECOND);
  });

  it('measures from the first of such a pair', () => {
    const { watch, beats } = startWatch();

    beats(SECOND, 20 * SECOND, 99, 19_901);

    expect(watch.limitMs).toBe(60 * SECOND);
  });

  it('leaves out an interval that spans a pause', () => {
    const { clock, watch, beats } = startWatch();
    beats(10 * SECOND, 10 * SECOND);
    watch.pause();
    clock.advance(100 * SECOND);
    watch.resume();
    beats(SECOND);
    expect(watch.limitMs).toBe(30 * SECOND);
    beats(12 * SECOND);
    expect(watch.limitMs).toBe(36 * SECOND);
  });

  it('outlives a connection', () => {
    const { watch, beats, start } = startWatch();
    beats(10 * SECOND, 10 * SECOND);

    watch.pause();
    start();

    expect(watch.limitMs).toBe(30 * SECOND);
  });
});

describe('the alarm', () => {
  it('comes once, a turn after the limit, and tells how long it was silent', () => {
    const { clock, alarms } = startWatch();

    clock.advance(READ_TIMEOUT_MS);
    expect(alarms).toEqual([]);
    clock.advance(1);
    expect(alarms).toEqual([READ_TIMEOUT_MS + 1]);
    clock.advance(10 * READ_TIMEOUT_MS);

    expect(alarms).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it('is put off by everything that comes', () => {
    const { clock, watch, alarms } = startWatch();
    clock.advance(200 * SECOND);
    watch.heard();

    clock.advance(READ_TIMEOUT_MS);
    expect(alarms).toEqual([]);
    clock.advance(1);

    expect(alarms).toEqual([READ_TIMEOUT_MS + 1]);
  });

  it('is called off by what comes in the last turn, as after a stall of this process', () => {
    const { clock, watch, alarms } = startWatch();
    clock.advance(READ_TIMEOUT_MS);

    watch.heard();
    clock.advance(READ_TIMEOUT_MS);
    expect(alarms).toEqual([]);
    clock.advance(1);

    expect(alarms).toHaveLength(1);
  });

  it('obeys a limit that has shrunk since', () => {
    const { clock, alarms, beats } = startWatch();
    beats(SECOND, SECOND);

    clock.advance(15 * SECOND);
    expect(alarms).toEqual([]);
    clock.advance(15 * SECOND);

    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toBeLessThan(30 * SECOND);
  });

  it('makes the next connection be judged more patiently', () => {
    const { clock, watch, alarms, beats } = startWatch();
    beats(SECOND, SECOND);

    clock.advance(30 * SECOND);

    expect(watch.limitMs).toBe(3 * (alarms[0] ?? 0));
  });

  it('does not come while nobody listens, and after that only for silence since', () => {
    const { clock, watch, alarms } = startWatch();
    clock.advance(300 * SECOND);
    watch.pause();
    expect(clock.waits).toEqual([]);
    clock.advance(READ_TIMEOUT_MS);
    watch.resume();

    clock.advance(READ_TIMEOUT_MS);
    expect(alarms).toEqual([]);
    clock.advance(1);

    expect(alarms).toEqual([READ_TIMEOUT_MS + 1]);
  });

  it('goes to whoever started to listen last', () => {
    const { clock, watch, alarms } = startWatch();
    const later: number[] = [];

    watch.start((silentForMs) => later.push(silentForMs));
    clock.advance(READ_TIMEOUT_MS + 1);

    expect(alarms).toEqual([]);
    expect(later).toHaveLength(1);
  });

  it('comes in time with a read time-out of less than 15 s', () => {
    const { clock, alarms } = startWatch(2 * SECOND);

    clock.advance(2 * SECOND + 1);

    expect(alarms).toEqual([2 * SECOND + 1]);
  });
});
