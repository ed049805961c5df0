import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { runSandboxCommand } from '../../lib/testing/cli/run-sandbox-command.js';
import { ActivityLog } from '../../lib/testing/cli/activity-log.js';
import { until } from '../support/until.js';
import { RecordingOutput } from './support/recording-output.js';

describe('lime-sandbox', () => {
  let stdout: RecordingOutput;
  let stderr: RecordingOutput;
  let ending: AbortController;
  let exit: Promise<number>;

  beforeEach(() => {
    stdout = new RecordingOutput();
    stderr = new RecordingOutput();
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await exit;
  });

  const run = (...argv: string[]) => {
    exit = runSandboxCommand(argv, { stdout, stderr, signal: ending.signal });
    return exit;
  };
  const printed = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(stdout.text)?.[1] ?? '';
  const create = (baseUrl: string, siteToken: string) =>
    fetch(`${baseUrl}/modules/agent-login/requests`, {
      method: 'POST',
      headers: { 'x-site-token': siteToken },
    });

  it('prints lines for a shell, then hints, then activities', async () => {
    void run('--port', '0', '--host', '127.0.0.1', '--request-ttl', '0.05', '--keepalive', '0');
    await until(() => stdout.lines.length >= 6);
    expect(stdout.text).toMatch(
      /^LIME_API_BASE=http:\/\/127\.0\.0\.1:\d+\/api\/v1\nLIME_SITE_TOKEN=st_sandbox_\w+\nLIME_AGENT_TOKEN=at_sandbox_\w+\n# /,
    );
    expect(stdout.lines.filter((line) => line.includes('curl'))).toHaveLength(2);
    expect(stdout.text).toMatch(/browser:\n#   http:\/\/127\.0\.0\.1:\d+\/\n/);

    expect((await create(printed('LIME_API_BASE'), printed('LIME_SITE_TOKEN'))).status).toBe(201);
    await until(() => stdout.text.includes('the event is lost'));
    expect(stdout.text).toMatch(
      /^\d\d:\d\d:\d\d  login request [\da-f-]{36} created, expires [\d:]+$/m,
    );
    expect(stdout.text).toMatch(/login request [\da-f-]{36} expired$/m);

    ending.abort();
    expect(await exit).toBe(0);
    expect(stdout.text).toMatch(/  stopped\n$/);
    expect(stdout.text).not.toContain('\u001B');
    expect(stderr.text).toBe('');
  });

  it('prints exactly one JSON object with --json, and activities on stderr', async () => {
    void run('--json', '--jwks=enveloped', '--pow-difficulty', '3');
    await until(() => stdout.text !== '');
    const { platform, baseUrl, consoleUrl, siteToken, agentToken, ...rest } = JSON.parse(
      stdout.text,
    ) as Record<string, string>;
    expect(rest).toEqual({});
    expect(platform).toBe('2026-09');
    expect(agentToken).toMatch(/^at_/);
    expect(baseUrl).toBe(`${consoleUrl}api/v1`);

    const jwks = await fetch(`${baseUrl}/core/.well-known/jwks.json`);
    expect(await jwks.json()).toMatchObject({ ok: true });
    await create(baseUrl ?? '', siteToken ?? '');
    await until(() => stderr.text.includes('created'));
    expect(stdout.lines).toHaveLength(1);
  });

  it('approves new requests with --auto-approve, through the proof of work', async () => {
    void run('--auto-approve', '.01');
    await until(() => stdout.lines.length >= 6);
    await create(printed('LIME_API_BASE'), printed('LIME_SITE_TOKEN'));

    await until(() => stdout.text.includes('approved by Demo agent'));
  });

  it('reports a failed approval, and cancels pending ones at the end', async () => {
    void run('--auto-approve', '0.1', '--host', 'localhost');
    await until(() => stdout.lines.length >= 6);
    const baseUrl = printed('LIME_API_BASE');
    const created = await create(baseUrl, printed('LIME_SITE_TOKEN'));
    const { data } = (await created.json()) as { data: { login_request_id: string } };
    const agentToken = printed('LIME_AGENT_TOKEN');
    await new SandboxAgent({ baseUrl, agentToken }).login(data.login_request_id);

    await until(() => /could not be approved: .*not known/.test(stdout.text));
    await create(baseUrl, printed('LIME_SITE_TOKEN'));
    ending.abort();
    expect(await exit).toBe(0);
  });

  it('ends at once when its signal aborts before the start', async () => {
    ending.abort();

    expect(await run()).toBe(0);
  });

  it.each([
    ['2026-06', 404],
    ['2026-07', 400],
    ['2026-09', 400],
  ])('speaks the generation of --platform %s', async (platform, bindingStatus) => {
    void run('--platform', platform);
    await until(() => stdout.lines.length >= 6);
    const answer = await fetch(`${printed('LIME_API_BASE')}/modules/bindings/requests`, {
      method: 'POST',
      headers: { 'x-site-token': printed('LIME_SITE_TOKEN') },
    });

    expect(stdout.text).toContain(`platform ${platform}`);
    expect(answer.status).toBe(bindingStatus);
  });

  it('shows help and version', async () => {
    expect(await run('--help')).toBe(0);
    for (const option of [
      '--platform',
      '--port',
      '--jwks',
      '--request-ttl',
      '--auto-approve',
      '--json',
    ]) {
      expect(stdout.text).toContain(option);
    }

    stdout.text = '';
    expect(await run('--version')).toBe(0);
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(stdout.text).toBe(`${manifest.version}\n`);
  });

  it.each([
    [['--prot', '1'], 'Unknown option --prot; see lime-sandbox --help.'],
    [['-p', '1'], 'Unknown option -p; see lime-sandbox --help.'],
    [['--constructor'], 'Unknown option --constructor; see lime-sandbox --help.'],
    [['--port'], '--port needs a value.'],
    [['--host='], '--host needs a value.'],
    [['--json=yes'], '--json takes no value.'],
    [['4010'], 'Unexpected argument "4010".'],
    [['--', 'x'], 'Unexpected argument "x".'],
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, not "x".'],
    [['--port', '65536'], '--port must be a whole number from 0 to 65535, not "65536".'],
    [['--pow-difficulty', '33'], '--pow-difficulty must be a whole number from 0 to 32, not "33".'],
    [['--platform', 'july'], '--platform must be 2026-09 or 2026-07 or 2026-06, not "july".'],
    [['--jwks', 'both'], '--jwks must be raw or enveloped, not "both".'],
    [
      ['--request-ttl', '0'],
      '--request-ttl must be a number of seconds from 0.001 to 2147483, not "0".',
    ],
    [
      ['--keepalive', '1e3'],
      '--keepalive must be a number of seconds from 0 to 2147483, not "1e3".',
    ],
  ])('answers %j with one sentence and exit code 2', async (argv, sentence) => {
    expect(await run(...argv)).toBe(2);
    expect(stderr.text).toBe(`lime-sandbox: ${sentence}\n`);
    expect(stdout.text).toBe('');
  });

  it('ends with exit code 2 for an invalid host', async () => {
    expect(await run('--host', 'a b')).toBe(2);
    expect(stderr.lines).toHaveLength(1);
  });

  it('ends with exit code 1 and one sentence for a port in use', async () => {
    const other = await LimeSandbox.start();

    expect(await run('--port', String(other.port))).toBe(1);
    expect(stderr.text).toBe(
      `lime-sandbox: Port ${other.port} on 127.0.0.1 is in use by another program.\n`,
    );

    await other.stop();
  });

  it('rethrows other errors', async () => {
    const broken = {
      write() {
        throw new Error('broken pipe');
      },
    };
    exit = Promise.resolve(0);

    await expect(
      runSandboxCommand([], { stdout: broken, stderr, signal: ending.signal }),
    ).rejects.toThrow('broken pipe');
  });
});

describe('The activity log of lime-sandbox', () => {
  const at = new Date();
  const activities = [
    { at, kind: 'request-created', requestId: 'lr_1', expiresAt: at },
    { at, kind: 'approved', requestId: 'lr_1', agentId: 'a', agentName: 'Ann' },
    { at, kind: 'expired', requestId: 'lr_1' },
    { at, kind: 'delivered', requestId: 'lr_1', streams: 2 },
    { at, kind: 'delivered', requestId: 'lr_1', streams: 0 },
    { at, kind: 'dropped', requestId: 'lr_1' },
    { at, kind: 'stream-opened', openStreams: 1 },
    { at, kind: 'stream-closed', openStreams: 0 },
    { at, kind: 'binding-created', bindingId: 'bd_1', connectUrl: 'http://x/' },
    { at, kind: 'binding-completed', bindingId: 'bd_1', agentId: 'a', agentName: 'Ann' },
    { at, kind: 'binding-expired', bindingId: 'bd_1' },
    { at, kind: 'agent-added', agentId: 'a', agentName: 'Ann' },
    { at, kind: 'mcp-token-issued', agentId: 'a', agentName: 'Ann', domain: 'mcp.example' },
    { at, kind: 'keys-rotated', kid: 'k', keptOld: true },
    { at, kind: 'keys-rotated', kid: 'k', keptOld: false },
    { at, kind: 'site-suspended' },
    { at, kind: 'site-reinstated' },
  ] as const;

  it('is one line for each activity', () => {
    const output = new RecordingOutput();
    const log = new ActivityLog(output, {});
    for (const activity of activities) log.add(activity);

    expect(output.lines).toHaveLength(activities.length);
    expect(output.text).toContain('sent to 2 streams');
    expect(output.text).toContain('MCP token for mcp.example issued to Ann');
    expect(output.text).toContain('old keys withdrawn');
    expect(output.text).toContain('connect at http://x/');
  });

  it('is coloured on a terminal, unless NO_COLOR is set', () => {
    const terminal = new RecordingOutput(true);
    new ActivityLog(terminal, { NO_COLOR: '' }).line('red', 'hello');
    const plain = new RecordingOutput(true);
    new ActivityLog(plain, { NO_COLOR: '1' }).line('red', 'hello');

    expect(terminal.text).toContain('\u001B[31mhello\u001B[39m');
    expect(plain.text).not.toContain('\u001B');
  });
});
