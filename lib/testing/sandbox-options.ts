import { type KeyObject, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../common/clock.js';
import { GENERATIONS, type SandboxPlatform } from './generations.js';
import { SandboxError } from './sandbox-error.js';

/** A limit on create calls, by fixed windows. */
export interface SandboxRateLimit {
  /** Create calls (login and binding requests together) answered within one window. */
  max: number;
  /** Length of the window in milliseconds; it starts with the first call after the last one ended. */
  windowMs: number;
}

/** How a {@link LimeSandbox} behaves; every field is optional. */
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
  /** Default: none. Calls above it are answered 429 `RATE_LIMIT_EXCEEDED` with `Retry-After` in whole seconds. */
  rateLimit?: SandboxRateLimit | undefined;
  /**
   * RSA private key to sign with, of at least 2048 bits. Default: a new one, which takes some tenths of a second;
   * a test suite that starts many sandboxes can share one.
   */
  signingKey?: KeyObject | undefined;
  /**
   * What requests, bindings, codes, passports and rate limits take their time from. Default: the real clock. Give it
   * the `ManualClock` that the application has, and time passes for both at once. Keepalives stay on real time, so
   * that a jump of the clock does not look like a dead stream.
   */
  clock?: Clock | undefined;
}

/** The options with every default filled in. */
export interface ResolvedSandboxOptions {
  readonly platform: SandboxPlatform;
  readonly port: number;
  readonly host: string;
  readonly siteToken: string;
  readonly agentToken: string;
  readonly jwks: 'raw' | 'enveloped';
  readonly powDifficulty: number;
  readonly requestTtlMs: number;
  readonly bindingTtlMs: number;
  readonly passportTtlSeconds: number;
  readonly keepaliveMs: number;
  readonly delivery: 'broadcast' | 'single';
  readonly rateLimit?: SandboxRateLimit;
  readonly signingKey?: KeyObject;
  readonly clock: Clock;
}

/** `setTimeout` fires at once for anything longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const HEADER_TEXT = /^[\x21-\x7e]+$/;

/**
 * Fills in the defaults and checks every field.
 * @throws SandboxError `SANDBOX_OPTIONS_INVALID`, naming every wrong field at once.
 */
export function resolveSandboxOptions(options: LimeSandboxOptions = {}): ResolvedSandboxOptions {
  const { platform = '2026-09', rateLimit, signingKey } = options;
  const resolved: ResolvedSandboxOptions = {
    platform,
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    siteToken: options.siteToken ?? `st_sandbox_${randomBytes(16).toString('hex')}`,
    agentToken: options.agentToken ?? `at_sandbox_${randomBytes(16).toString('hex')}`,
    jwks: options.jwks ?? GENERATIONS[platform]?.jwks ?? 'raw',
    powDifficulty: options.powDifficulty ?? 8,
    requestTtlMs: options.requestTtlMs ?? 120_000,
    bindingTtlMs: options.bindingTtlMs ?? 600_000,
    passportTtlSeconds: options.passportTtlSeconds ?? 120,
    keepaliveMs: options.keepaliveMs ?? 15_000,
    delivery: options.delivery ?? 'broadcast',
    clock: options.clock ?? systemClock,
    ...(rateLimit !== undefined && { rateLimit }),
    ...(signingKey !== undefined && { signingKey }),
  };
  const faults = faultsOf(resolved);
  if (faults.length > 0) {
    throw new SandboxError(
      'SANDBOX_OPTIONS_INVALID',
      `LimeSandbox cannot start with these options: ${faults.join('; ')}.`,
    );
  }
  return resolved;
}

function faultsOf(options: ResolvedSandboxOptions): string[] {
  const faults: string[] = [];
  const whole = (field: string, value: number, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) {
      faults.push(`${field} must be a whole number from ${min} to ${max}, not ${String(value)}`);
    }
  };
  const oneOf = (field: string, value: string, choices: readonly string[]) => {
    if (!choices.includes(value)) faults.push(`${field} must be ${choices.join(' or ')}`);
  };
  const text = (field: string, value: unknown) => {
    if (typeof value !== 'string' || !HEADER_TEXT.test(value)) {
      faults.push(`${field} must be a text of visible ASCII characters without spaces`);
    }
  };

  oneOf('platform', options.platform, Object.keys(GENERATIONS));
  whole('port', options.port, 0, 65_535);
  text('host', options.host);
  text('siteToken', options.siteToken);
  text('agentToken', options.agentToken);
  oneOf('jwks', options.jwks, ['raw', 'enveloped']);
  whole('powDifficulty', options.powDifficulty, 0, 32);
  whole('requestTtlMs', options.requestTtlMs, 1, MAX_TIMER_MS);
  whole('bindingTtlMs', options.bindingTtlMs, 1, MAX_TIMER_MS);
  whole('passportTtlSeconds', options.passportTtlSeconds, 1, 120);
  whole('keepaliveMs', options.keepaliveMs, 0, MAX_TIMER_MS);
  oneOf('delivery', options.delivery, ['broadcast', 'single']);
  if (options.rateLimit !== undefined) {
    whole('rateLimit.max', options.rateLimit.max, 0, Number.MAX_SAFE_INTEGER);
    whole('rateLimit.windowMs', options.rateLimit.windowMs, 1, MAX_TIMER_MS);
  }
  const methods = ['now', 'monotonic', 'schedule'] as const;
  if (methods.some((method) => typeof options.clock[method] !== 'function')) {
    faults.push('clock must have the methods now, monotonic and schedule, as ManualClock does');
  }
  const bits = options.signingKey?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (options.signingKey && (options.signingKey.type !== 'private' || bits < 2048)) {
    faults.push('signingKey must be an RSA private key of at least 2048 bits');
  }
  return faults;
}
