import { KeyObject, randomBytes } from 'node:crypto';
import {
  checkOptions,
  hasMethod,
  isObject,
  oneOf,
  optional,
  type OptionRule,
  shorten,
  wholeNumber,
} from '../common/check-options.js';
import { type Clock, systemClock } from '../common/clock.js';
import { GENERATIONS, type SandboxPlatform } from './generations.js';
import { SandboxError } from './sandbox-error.js';

/** A limit on create calls, in fixed windows. */
export interface SandboxRateLimit {
  /** The number of create calls (login and binding requests together) that one window allows. */
  max: number;
  /** Length of a window in milliseconds. A window starts with the first call after the last one has ended. */
  windowMs: number;
}

/** Options of a {@link LimeSandbox}. */
export interface LimeSandboxOptions {
  /** The generation of LIME. Single options such as `jwks` override it. @default '2026-09' */
  platform?: SandboxPlatform | undefined;
  /** TCP port, 0 to 65535. Default 0: any free port. */
  port?: number | undefined;
  /** Address to listen on. Default `127.0.0.1`. With `0.0.0.0` or `::` the base URL still names loopback. */
  host?: string | undefined;
  /** The only site token that the sandbox accepts. Default: random, `st_sandbox_…`. */
  siteToken?: string | undefined;
  /** Token of the default agent. Default: random, `at_sandbox_…`. */
  agentToken?: string | undefined;
  /**
   * Shape of the JWKS answer: the plain RFC 7517 document, or the same inside the success envelope. Default: that of
   * the generation, which is `enveloped` for `2026-06` only.
   */
  jwks?: 'raw' | 'enveloped' | undefined;
  /** Leading zero bits that a proof of work needs, 0 to 32. Default 8; production is about 15. */
  powDifficulty?: number | undefined;
  /** Milliseconds after which a login request expires. Default 120 000. */
  requestTtlMs?: number | undefined;
  /** Milliseconds after which a binding request expires. Default 600 000. */
  bindingTtlMs?: number | undefined;
  /** `exp − iat` of a login passport in seconds, 1 to 120. Default 120. Binding passports never get more than 60. */
  passportTtlSeconds?: number | undefined;
  /** Milliseconds between two keepalive frames of a stream. Default 15 000; 0 sends none. */
  keepaliveMs?: number | undefined;
  /** Whether an event goes to every open stream (`broadcast`, default) or to one of them in turn (`single`). */
  delivery?: 'broadcast' | 'single' | undefined;
  /** Refuses further calls with 429 `RATE_LIMIT_EXCEEDED` and `Retry-After` in whole seconds. Default: no limit. */
  rateLimit?: SandboxRateLimit | undefined;
  /**
   * RSA private key of at least 2048 bits that signs passports. Default: a new one, which takes some tenths of a second;
   * the sandboxes of a test suite can share one.
   */
  signingKey?: KeyObject | undefined;
  /**
   * The clock of requests, bindings, codes, passports and rate limits. Default: the real clock. With the
   * `ManualClock` of the application, time passes for both at once. Keepalives stay on real time: a jump of the clock
   * must not look like a dead stream.
   */
  clock?: Clock | undefined;
}

/** `setTimeout` fires at once for anything longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const PLATFORMS = Object.keys(GENERATIONS) as SandboxPlatform[];

const visibleAscii = optional<string>(
  (given) => typeof given === 'string' && /^[\x21-\x7e]+$/.test(given),
  'must be visible ASCII characters without spaces',
);

const RULES = {
  platform: oneOf<SandboxPlatform>('2026-09', PLATFORMS),
  port: wholeNumber(0, 0, 65_535),
  host: visibleAscii,
  siteToken: visibleAscii,
  agentToken: visibleAscii,
  jwks: optional<'raw' | 'enveloped'>(
    (given) => given === 'raw' || given === 'enveloped',
    'must be raw or enveloped',
  ),
  powDifficulty: wholeNumber(8, 0, 32),
  requestTtlMs: wholeNumber(120_000, 1, MAX_TIMER_MS),
  bindingTtlMs: wholeNumber(600_000, 1, MAX_TIMER_MS),
  passportTtlSeconds: wholeNumber(120, 1, 120),
  keepaliveMs: wholeNumber(15_000, 0, MAX_TIMER_MS),
  delivery: oneOf<'broadcast' | 'single'>('broadcast', ['broadcast', 'single']),
  rateLimit: optional<SandboxRateLimit>(isObject, 'must be an object with max and windowMs'),
  signingKey: optional<KeyObject>(
    isStrongRsaKey,
    'must be an RSA private key of at least 2048 bits',
  ),
  clock: optional<Clock>(
    (given) => ['now', 'monotonic', 'schedule'].every((method) => hasMethod(given, method)),
    'must have the methods now, monotonic and schedule, as ManualClock does',
  ),
} satisfies Record<keyof LimeSandboxOptions, OptionRule<unknown>>;

const RATE_LIMIT_RULES = {
  max: wholeNumber(undefined, 0, Number.MAX_SAFE_INTEGER),
  windowMs: wholeNumber(undefined, 1, MAX_TIMER_MS),
} satisfies Record<keyof SandboxRateLimit, OptionRule<unknown>>;

/**
 * Fills in the defaults and checks everything.
 * @throws {SandboxError} `SANDBOX_OPTIONS_INVALID`, which names every wrong option at once.
 */
export function resolveSandboxOptions(options: LimeSandboxOptions = {}) {
  const { values, faults } = checkOptions(options, RULES);
  if (values.rateLimit !== undefined) {
    const limit = checkOptions(values.rateLimit, RATE_LIMIT_RULES);
    faults.push(...limit.faults.map((fault) => `rateLimit.${fault}`));
  }
  if (faults.length > 0) {
    throw new SandboxError(
      'SANDBOX_OPTIONS_INVALID',
      `LimeSandbox cannot start with these options: ${faults.map(shorten).join('; ')}.`,
    );
  }
  return {
    ...values,
    host: values.host ?? '127.0.0.1',
    siteToken: values.siteToken ?? `st_sandbox_${randomBytes(16).toString('hex')}`,
    agentToken: values.agentToken ?? `at_sandbox_${randomBytes(16).toString('hex')}`,
    jwks: values.jwks ?? GENERATIONS[values.platform].jwks,
    clock: values.clock ?? systemClock,
  };
}

/** The options with every default filled in and every value checked. */
export type ResolvedSandboxOptions = Readonly<ReturnType<typeof resolveSandboxOptions>>;

function isStrongRsaKey(given: unknown): boolean {
  if (!(given instanceof KeyObject) || given.type !== 'private') return false;
  return (given.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}
