import { describe, expect, it } from '@jest/globals';
import { AuthenticationError, LimeError } from '../../lib/errors/index.js';
import { ReconnectPolicy, type StreamFailure } from '../../lib/stream/reconnect-policy.js';

const BASE_MS = 500;
const MAX_MS = 8_000;
const HEALTHY_MS = 60_000;

const drop: StreamFailure = { error: new LimeError('STREAM_ENDED', 'closed'), openForMs: 0 };
const answer = (httpStatus: number): StreamFailure => ({
  error: new LimeError('HTTP_ERROR', 'no', { httpStatus }),
  openForMs: 0,
});
const refusal: StreamFailure = {
  error: new AuthenticationError('SITE_TOKEN_INVALID', 'no', { httpStatus: 401 }),
  openForMs: 0,
};

/** @param jitter 0 for the shortest delays, 1 for the limit of the longest ones. */
function policy(jitter: number, options = { baseMs: BASE_MS, maxMs: MAX_MS }) {
  return new ReconnectPolicy({ ...options, random: () => jitter });
}

function delays(of: ReconnectPolicy, failures: StreamFailure[]): number[] {
  return failures.map((failure) => of.next(failure).delayMs);
}

const times = (count: number, failure: StreamFailure) =>
  Array.from({ length: count }, () => failure);

describe('The delay after drops', () => {
  it('is between half of the backoff and all of it', () => {
    const whole = [500, 1_000, 2_000, 4_000, 8_000, 8_000];

    expect(delays(policy(1), times(6, drop))).toEqual(whole);
    expect(delays(policy(0), times(6, drop))).toEqual(whole.map((ms) => ms / 2));
    expect(delays(policy(0.5), times(6, drop))).toEqual(whole.map((ms) => ms * 0.75));
  });

  it('is zero without a backoff', () => {
    expect(delays(policy(1, { baseMs: 0, maxMs: MAX_MS }), times(3, drop))).toEqual([0, 0, 0]);
  });

  it('starts over after a stream of exactly a minute, and not after a shorter one', () => {
    const grown = [...times(4, drop), { ...drop, openForMs: HEALTHY_MS - 1 }];

    expect(delays(policy(1), [...grown, { ...drop, openForMs: HEALTHY_MS }, drop])).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 500, 1_000,
    ]);
  });

  it.each([408, 429, 500, 502, 503, 599])('applies to an answer with status %i, too', (status) => {
    expect(delays(policy(1), [answer(status), drop, answer(status)])).toEqual([500, 1_000, 2_000]);
    expect(policy(1).next(answer(status)).state).toBe('reconnecting');
  });
});

describe('The delay after refusals', () => {
  it('is the backoff or up to a fifth more, and never above five minutes', () => {
    expect(delays(policy(0), times(6, refusal))).toEqual([
      30_000, 60_000, 120_000, 240_000, 250_000, 250_000,
    ]);
    expect(delays(policy(1), times(6, refusal))).toEqual([
      36_000, 72_000, 144_000, 288_000, 300_000, 300_000,
    ]);
  });

  it.each([401, 403, 404])('applies to an answer with status %i', (status) => {
    expect(policy(0).next(answer(status))).toEqual({ state: 'unauthorized', delayMs: 30_000 });
  });

  it('applies to an untrusted certificate', () => {
    const error = new LimeError('TLS_REFUSED', 'no');

    expect(policy(0).next({ error, openForMs: 0 })).toEqual({
      state: 'unauthorized',
      delayMs: 30_000,
    });
  });

  it.each([200, 204, 302, 400, 410, 499])(
    'applies to an answer with status %i, which says nothing about the site token',
    (status) => {
      expect(policy(0).next(answer(status))).toEqual({ state: 'reconnecting', delayMs: 30_000 });
    },
  );

  it('starts over after drops, and the delay after drops starts over after refusals', () => {
    const failures = [...times(3, drop), ...times(3, refusal), ...times(2, drop)];

    expect(delays(policy(0), failures)).toEqual([
      250, 500, 1_000, 30_000, 60_000, 120_000, 250, 500,
    ]);
  });
});

describe('The delay that the server asks for', () => {
  it('is a minimum, exceeded by up to a tenth', () => {
    const asked = { ...drop, retryAfterMs: 5_000 };

    expect(delays(policy(0), [asked])).toEqual([5_000]);
    expect(policy(1).next(asked).delayMs).toBeCloseTo(5_500);
  });

  it('does not shorten the backoff', () => {
    expect(delays(policy(0), [{ ...drop, retryAfterMs: 100 }])).toEqual([250]);
    expect(delays(policy(0), [{ ...refusal, retryAfterMs: 5_000 }])).toEqual([30_000]);
  });

  it('holds once from Retry-After, and until the next one from a retry field', () => {
    const once = policy(0);
    const lasting = policy(0);
    lasting.useRetryField(3_000);

    expect(delays(once, [{ ...drop, retryAfterMs: 3_000 }, drop])).toEqual([3_000, 500]);
    expect(delays(lasting, [drop, drop])).toEqual([3_000, 3_000]);
  });

  it('is the longer one of Retry-After and the latest retry field', () => {
    const both = policy(0);
    both.useRetryField(9_000);
    both.useRetryField(4_000);

    expect(
      delays(both, [
        { ...drop, retryAfterMs: 6_000 },
        { ...drop, retryAfterMs: 1_000 },
      ]),
    ).toEqual([6_000, 4_000]);
  });

  it('counts up to four times the longest delay after drops', () => {
    expect(delays(policy(0), [{ ...drop, retryAfterMs: 86_400_000 }])).toEqual([32_000]);
  });
});
