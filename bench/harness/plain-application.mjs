import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HARNESS = 'bench/harness';
/** What Nest's own starter installs. */
const NEST_PACKAGES = ['common', 'core', 'platform-express'];

const run = promisify(execFile);

/**
 * A folder with Nest, this package and nothing else of Nest's. In the folder of this project Nest finds packages that few
 * applications have, such as its microservices, and to load those takes most of a start.
 */
export class PlainApplication {
  #folder;

  async lay() {
    this.#folder = await mkdtemp(join(tmpdir(), 'lime-sites-bench-'));
    const modules = await readdir(join(ROOT, 'node_modules'));
    const others = modules.filter((name) => !name.startsWith('.') && name !== '@nestjs');
    const parts = [...others, ...NEST_PACKAGES.map((name) => `@nestjs/${name}`)].map(
      (name) => `node_modules/${name}`,
    );
    for (const folder of ['node_modules/@nestjs', 'node_modules/nestjs-lime-sites', HARNESS]) {
      await mkdir(join(this.#folder, folder), { recursive: true });
    }
    for (const part of parts) await this.#link(part, part);
    for (const part of ['dist', 'package.json']) {
      await this.#link(part, `node_modules/nestjs-lime-sites/${part}`);
    }
    for (const file of await readdir(join(ROOT, HARNESS))) {
      await this.#link(`${HARNESS}/${file}`, `${HARNESS}/${file}`);
    }
  }

  /**
   * Runs a script of the harness in a process of its own.
   * @param {string} script
   * @param {...string} args
   * @returns {Promise<any>} what it printed, as JSON
   */
  async run(script, ...args) {
    // Without these two Node follows the links, and is back in the folder of this project.
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const path = join(this.#folder, HARNESS, script);
    const { stdout } = await run(process.execPath, [...flags, path, ...args]);
    return JSON.parse(stdout);
  }

  async clear() {
    await rm(this.#folder, { recursive: true });
  }

  #link(from, to) {
    return symlink(join(ROOT, from), join(this.#folder, to));
  }
}
