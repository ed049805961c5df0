import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

/** A compiler starts for each page. */
const PATIENCE_MS = 60_000;

/** Runs the check on a page. Gives its output, and whether it passed. */
async function check(page: string): Promise<{ passed: boolean; output: string }> {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'pages-'));
  try {
    await writeFile(join(dir, 'page.md'), page);
    const run = promisify(execFile)('node', ['scripts/check-docs.mjs', join(dir, 'page.md')]);
    return await run.then(
      ({ stdout }) => ({ passed: true, output: stdout }),
      ({ stdout }: { stdout: string }) => ({ passed: false, output: stdout }),
    );
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Joins the parts of a page with blank lines. */
function pageOf(...parts: string[]): string {
  return `${parts.join('\n\n')}\n`;
}

const code = (...lines: string[]) => ['```ts', ...lines, '```'].join('\n');
const AROUND = ['<!-- around', 'export class Logins {', '…', '}', '-->'].join('\n');
const GIVEN = code('// given.ts', 'export const given = 1;');

it(
  'check-docs compiles whole files, files that import each other, and fragments within the hidden code around them',
  async () => {
    const page = pageOf(
      '# A `first` heading, with',
      code("import { LimeSiteService } from 'nestjs-lime-sites';", 'void LimeSiteService;'),
      GIVEN,
      code("import { given } from './given.js';", 'export const same: number = given;'),
      AROUND,
      code('start(): number {', '  return 1;', '}'),
      '[here](#a-first-heading-with) [the web](https://lime.pics)',
    );
    const { passed, output } = await check(page);
    expect(output).toContain('4 code blocks compiled');
    expect(output).toContain('0 mistakes');
    expect(passed).toBe(true);
  },
  PATIENCE_MS,
);

it(
  'check-docs names the page and the line of each block that does not compile and of each broken link',
  async () => {
    const page = pageOf(
      '# Page', // line 1
      code("import { LimeSite } from 'nestjs-lime-sites';", 'void LimeSite;'), // the import is line 4
      GIVEN,
      code("import { given } from './given.js';", 'export const text: string = given;'), // line 15
      AROUND,
      code('start(): number {', "  return 'one';", '}'), // the middle is line 26
      '[there](#nowhere) [gone](gone.md)', // line 30
    );
    const { passed, output } = await check(page);
    expect(passed).toBe(false);
    expect(output).toMatch(/page\.md:4: .*has no exported member.*'LimeSite'/);
    expect(output).toMatch(/page\.md:15: Type 'number' is not assignable/);
    expect(output).toMatch(/page\.md:26: Type 'string' is not assignable/);
    expect(output).toMatch(/page\.md:30: #nowhere: /);
    expect(output).toMatch(/page\.md:30: gone\.md: /);
    expect(output).toContain('5 mistakes');
  },
  PATIENCE_MS,
);
