import { once } from 'node:events';
import { LimeSandbox } from '../lime-sandbox.js';
import { SandboxError } from '../sandbox-error.js';
import { HELP, type SandboxCommand, parseSandboxArguments } from './arguments.js';
import { approveAutomatically } from './auto-approval.js';
import { introduction, jsonIntroduction } from './introduction.js';
import { packageVersion } from './package-version.js';
import { Story, type StoryOutput } from './story.js';
import { UsageError } from './usage-error.js';

/** The world around the command. */
export interface SandboxCommandIo {
  readonly stdout: StoryOutput;
  readonly stderr: StoryOutput;
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** Only `NO_COLOR` is read. Default: no variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs `lime-sandbox` until the signal aborts.
 * @param argv the arguments behind the command's name.
 * @returns the exit code: 0 after a clean end, 1 when it could not start, 2 for a wrong argument.
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
  const story = new Story(json ? stderr : stdout, env);
  try {
    stdout.write(json ? jsonIntroduction(lime) : introduction(lime));
    const silence = lime.onActivity((activity) => story.tell(activity));
    if (autoApproveMs !== undefined) {
      approveAutomatically(lime, autoApproveMs, signal, (requestId, error) => {
        story.line('red', `login request ${requestId} could not be approved: ${String(error)}`);
      });
    }
    if (!signal.aborted) await once(signal, 'abort');
    silence();
    story.line('dim', 'stopped');
  } finally {
    await lime.stop();
  }
}
