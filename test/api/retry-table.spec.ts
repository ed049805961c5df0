import { describe, expect, it } from '@jest/globals';
import { LimeError, type LimeSiteService } from 'nestjs-lime-sites';
import type { LimeSandbox, SandboxTarget } from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 600_000;
/** Longer than every pause between two tries, and shorter than every timeout. */
const LONGEST_PAUSE_MS = 60_000;
const MAX_RETRIES = 2;

const FAILURES = ['408', '429', '503', '500', '502', '504', 'a reset', 'a timeout'] as const;
type Failure = (typeof FAILURES)[number];

interface Call {
  readonly name: string;
  readonly target: SandboxTarget;
  readonly make: (site: LimeSiteService, lime: LimeSandbox) => Promise<unknown>;
  readonly retriedAfter: readonly Failure[];
}

/** The retries of LIME's own SDKs, and more where a repeat does no harm. */
const CALLS: readonly Call[] = [
  {
    name: 'getLoginRequest()',
    target: 'status',
    make: (site, lime) => site.getLoginRequest(lime.createLoginRequest().requestId),
    retriedAfter: FAILURES,
  },
  {
    name: 'createLoginRequest()',
    target: 'create',
    make: (site) => site.createLoginRequest(),
    retriedAfter: ['408', '429', '503', '500', '502', '504', 'a reset'],
  },
  {
    name: 'createBindingRequest()',
    target: 'binding',
    make: createBinding,
    retriedAfter: ['408', '429', '503', 'a reset'],
  },
  {
    name: 'exchangeBindingCode()',
    target: 'exchange',
    make: async (site, lime) => {
      const { bindingId } = await createBinding(site);
      return site.exchangeBindingCode((await lime.completeBinding(bindingId)).code);
    },
    retriedAfter: ['408', '429', '503'],
  },
  {
    name: 'The JWKS fetch of verifyPassport()',
    target: 'jwks',
    make: async (site, lime) => {
      await lime.rotateKeys();
      return site.verifyPassport(await lime.signPassport());
    },
    retriedAfter: [],
  },
];

const CASES = CALLS.flatMap((call) =>
  FAILURES.map((failure) => ({ ...call, failure, retried: call.retriedAfter.includes(failure) })),
);

describe('A call that fails', () => {
  const start = useStarter();

  async function startSite(target: SandboxTarget) {
    const clock = new ManualClock();
    const options = { dispatcher: false, timeoutMs: TIMEOUT_MS, maxRetries: MAX_RETRIES };
    const started = await start.site({ clock, options });
    await until(() => started.lime.callCount('jwks') === 1 && clock.waits.length === 0);
    const before = started.lime.callCount(target);
    return { ...started, clock, calls: () => started.lime.callCount(target) - before };
  }

  it.each(CASES.filter(({ retried }) => retried))(
    'is retried: $name after $failure',
    async ({ target, make, failure }) => {
      const { lime, site, clock, calls } = await startSite(target);
      const hanging = fail(lime, target, failure, MAX_RETRIES);
      const work = make(site, lime);
      await passTime(clock, hanging, hasEnded(work));
      await expect(work).resolves.toBeDefined();
      expect(calls()).toBe(1 + MAX_RETRIES);
    },
  );

  it.each(CASES.filter(({ retried }) => !retried))(
    'is not retried: $name after $failure',
    async ({ target, make, failure }) => {
      const { lime, site, clock, calls } = await startSite(target);
      const hanging = fail(lime, target, failure, 1);
      const work = failureOf(LimeError, make(site, lime));
      await passTime(clock, hanging, hasEnded(work));
      await work;
      expect(calls()).toBe(1);
    },
  );

  it.each(FAILURES)('is retried for ever: the event stream after %s', async (failure) => {
    const lime = await start.lime();
    const hanging = fail(lime, 'events', failure, 10);
    const clock = new ManualClock();
    const { site } = await start.site({ lime, clock, options: { timeoutMs: TIMEOUT_MS } });
    const states: string[] = [];
    site.connection$.subscribe(({ state }) => states.push(state));
    await passTime(clock, hanging, () => site.connection.state === 'open');
    expect(lime.callCount('events')).toBe(11);
    expect(new Set(states)).toEqual(new Set(['connecting', 'reconnecting', 'open']));
  });
});

function createBinding(site: LimeSiteService) {
  return site.createBindingRequest({ redirectUri: 'https://shop.example/callback' });
}

/** @returns the number of received calls that hang. */
function fail(lime: LimeSandbox, target: SandboxTarget, failure: Failure, times: number) {
  const before = lime.callCount(target);
  if (failure === 'a timeout') {
    lime.faults.hang(target, times);
    return () => Math.min(lime.callCount(target) - before, times);
  }
  if (failure === 'a reset') lime.faults.reset(target, times);
  else lime.faults.respond(target, { status: Number(failure), times });
  return () => 0;
}

function hasEnded(work: Promise<unknown>): () => boolean {
  let ended = false;
  const end = () => void (ended = true);
  work.then(end, end);
  return () => ended;
}

/** Ends each pause between tries, and the timeout of each hanging call, until the work ends. */
async function passTime(
  clock: ManualClock,
  hanging: () => number,
  isOver: () => boolean,
): Promise<void> {
  let timeouts = 0;
  await until(() => {
    const [wait] = clock.waits;
    if (isOver() || wait === undefined) return isOver();
    if (wait > LONGEST_PAUSE_MS && timeouts === hanging()) return false;
    if (wait > LONGEST_PAUSE_MS) timeouts++;
    clock.advance(wait);
    return false;
  });
}
