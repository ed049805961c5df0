import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { figure, inTurn, row } from '../harness/measure.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROBE = 'start-up-probe.mjs';
/** What Nest's own starter installs. */
const NEST_PACKAGES = ['common', 'core', 'platform-express'];
/** A start differs from the next one by more than the module adds. */
const REPETITIONS = 15;

const run = promisify(execFile);

/** How much later an application starts with the module, each start in a process of its own. */
export const measure = figure(async ({ baseUrl, quick }) => {
  const folder = await makeApplication();
  const probe = async (what) => {
    // Without the flags Node follows the links back to this project.
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const { stdout } = await run(process.execPath, [...flags, join(folder, PROBE), baseUrl, what]);
    return JSON.parse(stdout);
  };
  const { ours, limit } = await inTurn({
    repetitions: quick ? 1 : REPETITIONS,
    warmUps: 1,
    begin: async () => ({
      limit: async () => ({
        startMs: (await probe('without')).startMs,
        importMs: (await probe('undici')).importMs,
      }),
      ours: () => probe('with'),
    }),
  });
  await rm(folder, { recursive: true });
  const times = (what) => ({
    unit: 'ms',
    ours: ours.map((sample) => sample[what]),
    limit: limit.map((sample) => sample[what]),
  });
  return {
    rows: [
      row({
        name: 'start-up, beside the same application without the module',
        ...times('startMs'),
        relation: 'difference',
        floor: { atMost: 20 },
      }),
      row({
        name: "imports, beside undici's own",
        ...times('importMs'),
        relation: 'factor',
        floor: { atMost: 1.6 },
      }),
    ],
  };
});

/**
 * A folder with Nest, this package and nothing else of Nest's. In this project's folder Nest finds packages that few
 * applications have, such as its microservices, and loading those takes most of a start.
 */
async function makeApplication() {
  const folder = await mkdtemp(join(tmpdir(), 'lime-sites-bench-'));
  const link = (from, to) => symlink(join(ROOT, from), join(folder, to));
  const modules = await readdir(join(ROOT, 'node_modules'));
  const others = modules.filter((name) => !name.startsWith('.') && name !== '@nestjs');
  await mkdir(join(folder, 'node_modules/@nestjs'), { recursive: true });
  await mkdir(join(folder, 'node_modules/nestjs-lime-sites'));
  for (const name of [...others, ...NEST_PACKAGES.map((part) => `@nestjs/${part}`)]) {
    await link(`node_modules/${name}`, `node_modules/${name}`);
  }
  for (const part of ['dist', 'package.json']) {
    await link(part, `node_modules/nestjs-lime-sites/${part}`);
  }
  await link(`bench/processes/${PROBE}`, PROBE);
  return folder;
}
