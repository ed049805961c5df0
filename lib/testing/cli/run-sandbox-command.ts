import { once, setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LimeSandbox } from '../lime-sandbox.js';
import { SandboxAgent } from '../sandbox-agent.js';
import { SandboxError } from '../sandbox-error.js';
import { ActivityLog, type LogOutput } from './activity-log.js';
import { HELP, type SandboxCommand, UsageError, parseSandboxArguments } from './arguments.js';
import { introduction, jsonIntroduction } from './introduction.js';

/** The streams, the environment and the end of a command. */
export interface SandboxCommandIo {
  readonly stdout: LogOutput;
  readonly stderr: LogOutput;
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** The command reads only `NO_COLOR`. Default: no variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs `lime-sandbox` until the signal aborts.
 * @param argv the arguments after the command's name.
 * @returns the exit code: 0 after a clean end, 1 for a failed start, 2 for a wrong argument.
 */
export async function runSandboxCommand(
  argv: readonly string[],
  io: SandboxCommandIo,
): Promise<number> {
  try {
    const command = parseSandboxArguments(argv);
    if (command.kind === 'help') io.stdout.write(HELP);
    else if (command.kind === 'version') io.stdout.write(`${packageVersion()}\n`);
    else await run(command, io);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SandboxError)) throw error;
    io.stderr.write(`lime-sandbox: ${error.message}\n`);
    const wrongArgument = error instanceof UsageError || error.code === 'SANDBOX_OPTIONS_INVALID';
    return wrongArgument ? 2 : 1;
  }
}

async function run(
  { options, json, autoApproveMs }: Extract<SandboxCommand, { kind: 'run' }>,
  { stdout, stderr, signal, env = {} }: SandboxCommandIo,
): Promise<void> {
  const lime = await LimeSandbox.start(options);
  const log = new ActivityLog(json ? stderr : stdout, env);
  try {
    stdout.write(json ? jsonIntroduction(lime) : introduction(lime));
    const unsubscribe = lime.onActivity((activity) => log.add(activity));
    if (autoApproveMs !== undefined) {
      approveAutomatically(lime, autoApproveMs, signal, (requestId, error) => {
        log.line('red', `login request ${requestId} could not be approved: ${String(error)}`);
      });
    }
    if (!signal.aborted) await once(signal, 'abort');
    unsubscribe();
    log.line('dim', 'stopped');
  } finally {
    await lime.stop();
  }
}

/**
 * Approves each new login request after `delayMs`, over HTTP and with proof of work, as a real agent does. Stops when the
 * signal aborts.
 */
function approveAutomatically(
  lime: LimeSandbox,
  delayMs: number,
  signal: AbortSignal,
  onFailure: (requestId: string, error: unknown) => void,
): void {
  const agent = new SandboxAgent(lime);
  // One listener for each pending request.
  setMaxListeners(0, signal);
  const approve = async (requestId: string) => {
    try {
      await sleep(delayMs, undefined, { signal });
      await agent.login(requestId, { signal });
    } catch (error) {
      if (!signal.aborted) onFailure(requestId, error);
    }
  };
  lime.onActivity((activity) => {
    if (activity.kind === 'request-created') void approve(activity.requestId);
  });
}

/** The version of this package. */
function packageVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return version;
}
