import { parseArgs } from 'node:util';
import type { SandboxPlatform } from '../generations.js';
import type { LimeSandboxOptions } from '../sandbox-options.js';

/** A mistake on the command line. The message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A parsed command line. */
export type SandboxCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly options: LimeSandboxOptions;
      readonly json: boolean;
      /** Delay of the approval of each new request in milliseconds. Undefined: no approval. */
      readonly autoApproveMs: number | undefined;
    };

export const HELP = `Usage: lime-sandbox [options]

Runs the LIME platform (lime.pics) in one process, for tests and demos.

  --platform <month>         generation of LIME: 2026-09 (default), 2026-07 or 2026-06
  --port <number>            port to listen on (default: any free port)
  --host <address>           address to listen on (default: 127.0.0.1)
  --jwks raw|enveloped       shape of the JWKS answer (default: that of the generation)
  --pow-difficulty <bits>    leading zero bits of the proof of work, 0 to 32 (default: 8)
  --request-ttl <seconds>    lifetime of a login request (default: 120)
  --keepalive <seconds>      interval of keepalive frames, 0 for none (default: 15)
  --auto-approve <seconds>   approve each new login request after this time, as the demo agent
  --json                     print one JSON object with platform, baseUrl, consoleUrl, siteToken and agentToken, the rest on stderr
  --help                     show this help
  --version                  show the version
`;

const FLAGS = {
  platform: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  jwks: { type: 'string' },
  'pow-difficulty': { type: 'string' },
  'request-ttl': { type: 'string' },
  keepalive: { type: 'string' },
  'auto-approve': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

const PLATFORMS = ['2026-09', '2026-07', '2026-06'] as const satisfies SandboxPlatform[];
const MAX_SECONDS = 2_147_483;

/**
 * Parses the arguments after the command's name.
 * @throws UsageError for the first wrong one.
 */
export function parseSandboxArguments(argv: readonly string[]): SandboxCommand {
  const given = collect(argv);
  if (given.has('help')) return { kind: 'help' };
  if (given.has('version')) return { kind: 'version' };
  return {
    kind: 'run',
    options: {
      platform: oneOf(given, 'platform', PLATFORMS),
      port: wholeNumber(given, 'port', 65_535),
      host: given.get('host'),
      jwks: oneOf(given, 'jwks', ['raw', 'enveloped'] as const),
      powDifficulty: wholeNumber(given, 'pow-difficulty', 32),
      requestTtlMs: milliseconds(given, 'request-ttl', 0.001),
      keepaliveMs: milliseconds(given, 'keepalive', 0),
    },
    json: given.has('json'),
    autoApproveMs: milliseconds(given, 'auto-approve', 0),
  };
}

/** Checks the options without `strict` of `parseArgs()`, whose messages take three sentences. */
function collect(argv: readonly string[]): Map<string, string> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`Unexpected argument "${token.value}".`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!isFlag(name)) throw new UsageError(`Unknown option ${rawName}; see lime-sandbox --help.`);
    if (FLAGS[name].type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    } else if (!value) throw new UsageError(`${rawName} needs a value.`);
    given.set(name, value ?? '');
  }
  return given;
}

function isFlag(name: string): name is keyof typeof FLAGS {
  return Object.hasOwn(FLAGS, name);
}

function oneOf<T extends string>(
  given: ReadonlyMap<string, string>,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = given.get(name);
  const chosen = choices.find((choice) => choice === value);
  if (value === undefined || chosen !== undefined) return chosen;
  throw new UsageError(`--${name} must be ${choices.join(' or ')}, not "${value}".`);
}

function wholeNumber(
  given: ReadonlyMap<string, string>,
  name: string,
  max: number,
): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && Number(value) <= max) return Number(value);
  throw new UsageError(`--${name} must be a whole number from 0 to ${max}, not "${value}".`);
}

function milliseconds(
  given: ReadonlyMap<string, string>,
  name: string,
  min: number,
): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (/^\d*\.?\d+$/.test(value) && seconds >= min && seconds <= MAX_SECONDS) {
    return Math.round(seconds * 1000);
  }
  throw new UsageError(
    `--${name} must be a number of seconds from ${min} to ${MAX_SECONDS}, not "${value}".`,
  );
}
