import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

/** A compiler starts for each page. */
const PATIENCE_MS = 60_000;

/** What the check says of a page, and whether it is content. */
async function check(page: string): Promise<{ content: boolean; said: string }> {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'pages-'));
  try {
    await writeFile(join(dir, 'page.md'), page);
    const run = promisify(execFile)('node', ['scripts/check-docs.mjs', join(dir, 'page.md')]);
    return await run.then(
      ({ stdout }) => ({ content: true, said: stdout }),
      ({ stdout }: { stdout: string }) => ({ content: false, said: stdout }),
    );
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** A page of parts, each on so many lines of its own. */
function pageOf(...parts: string[]): string {
  return `${parts.join('\n\n')}\n`;
}

const code = (...lines: string[]) => ['```ts', ...lines, '```'].join('\n');
const AROUND = ['<!-- around', 'export class Logins {', '…', '}', '-->'].join('\n');
const GIVEN = code('// given.ts', 'export const given = 1;');

it(
  'compiles whole files, files that import each other, and fragments within the hidden code around them',
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
    const { content, said } = await check(page);
    expect(said).toContain('4 code blocks compiled');
    expect(said).toContain('0 mistakes');
    expect(content).toBe(true);
  },
  PATIENCE_MS,
);

it(
  'names page and line of each block that does not compile, and of each link that leads nowhere',
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
    const { content, said } = await check(page);
    expect(content).toBe(false);
    expect(said).toMatch(/page\.md:4: .*has no exported member.*'LimeSite'/);
    expect(said).toMatch(/page\.md:15: Type 'number' is not assignable/);
    expect(said).toMatch(/page\.md:26: Type 'string' is not assignable/);
    expect(said).toMatch(/page\.md:30: #nowhere: /);
    expect(said).toMatch(/page\.md:30: gone\.md: /);
    expect(said).toContain('5 mistakes');
  },
  PATIENCE_MS,
);
