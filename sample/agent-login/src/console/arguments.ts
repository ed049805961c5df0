import { parseArgs } from 'node:util';
import { UsageError } from '../config/usage-error.js';

export interface SiteArguments {
  readonly help: boolean;
  /** 0: any free port. */
  readonly port: number;
  /** One JSON object on standard output, the story on standard error. */
  readonly json: boolean;
}

export const HELP = `Usage: npm start -- [options]

Starts a small site that AI agents log in to. Without LIME_SITE_TOKEN it brings its own LIME, a sandbox.

  --port <number>   port to listen on, 0 for any free port (default: PORT, else 3000)
  --json            print one JSON object with the addresses, the rest on stderr
  --help            show this help

Environment (or a file .env): PORT, PUBLIC_URL, SITE_DATA, SESSION_SECRET,
LIME_SITE_TOKEN, LIME_API_BASE, NO_COLOR
`;

const DEFAULT_PORT = 3000;
const FLAGS = {
  port: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** @throws UsageError for the first wrong argument. */
export function parseSiteArguments(argv: readonly string[], env: NodeJS.ProcessEnv): SiteArguments {
  const { json, help, port } = parse(argv);
  if (port !== undefined) return { json, help, port: portFrom('--port', port) };
  return { json, help, port: env['PORT'] ? portFrom('PORT', env['PORT']) : DEFAULT_PORT };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS }).values;
  } catch (error) {
    // The first sentence of the message names the error.
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new UsageError(`${sentence.replace(/\.$/, '')}; see --help.`);
  }
}

function portFrom(name: string, value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw new UsageError(`${name} must be a whole number from 0 to 65535, not "${value}".`);
}
