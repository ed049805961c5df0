import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';

/** The command in its own process. Compiled file by file, because a build may be missing or old. */
describe('The process of lime-sandbox', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lime-sandbox-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module","version":"1.2.3"}');
    const files = await readdir('lib', { recursive: true });
    for (const file of files.filter((name) => /^(common|testing)\b.*\.ts$/.test(name))) {
      const target = join(folder, 'dist', file.replace(/ts$/, 'js'));
      const { code } = await transformFile(join('lib', file), {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        swcrc: false,
      });
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, code);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const start = (...argv: string[]): ChildProcess =>
    spawn(process.execPath, [join(folder, 'dist/testing/cli/main.js'), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  async function linesOf(child: ChildProcess, count: number): Promise<string[]> {
    const lines: string[] = [];
    if (!child.stdout) return lines;
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === count) break;
    }
    return lines;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends within a second after %s, with 0',
    async (signal) => {
      const child = start('--json');
      const [line = ''] = await linesOf(child, 1);
      const { baseUrl, siteToken } = JSON.parse(line) as Record<string, string>;
      const stream = await fetch(`${baseUrl}/modules/agent-login/events`, {
        headers: { 'x-site-token': siteToken ?? '' },
      });
      const began = performance.now();
      child.kill(signal);

      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(performance.now() - began).toBeLessThan(1_000);
      await expect(stream.text()).rejects.toThrow();
    },
  );

  it('exits with 2 and one sentence for a wrong option', async () => {
    const child = start('--bogus');
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));

    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said).toBe('lime-sandbox: Unknown option --bogus; see lime-sandbox --help.\n');
  });

  it('prints the version of its package', async () => {
    expect(await linesOf(start('--version'), 1)).toEqual(['1.2.3']);
  });

  it('ends without an error when its output is closed', async () => {
    const child = start('--request-ttl', '0.01');
    const lines = await linesOf(child, 3);
    child.stdout?.destroy();
    const [base = '', token = ''] = lines.map((line) => line.split('=')[1]);
    await fetch(`${base}/modules/agent-login/requests`, {
      method: 'POST',
      headers: { 'x-site-token': token },
    });

    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
