import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './command.mjs';
import { fileOf } from './guide-code.mjs';

const ROOT = new URL('../../', import.meta.url);
const SOURCES = fileURLToPath(new URL('scripts/package-consumer', ROOT));
const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

/** An empty project outside of this repository, with the packed package and one version of Nest in it. */
export class Consumer {
  constructor(parent, nestMajor) {
    this.dir = join(parent, `nest-${nestMajor}`);
    this.nestMajor = nestMajor;
  }

  /** `extras` are further packages: in the version that is given, or the one that this repository has. */
  async install(tarball, extras = []) {
    mkdirSync(this.dir);
    this.write('package.json', '{ "name": "consumer", "private": true, "type": "module" }\n');
    const nest = ['common', 'core', 'platform-express', 'platform-fastify', 'testing'].map(
      (name) => `@nestjs/${name}@${this.nestMajor}`,
    );
    const typescript = this.nestMajor === 11 ? 'typescript@5' : 'typescript'; // what each sets up
    const same = ['reflect-metadata', 'rxjs', typescript, '@types/node', ...extras].map((name) =>
      /.@/.test(name) ? name : `${name}@${devDependencies[name]}`,
    );
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await command('npm', ['install', ...flags, tarball, ...nest, ...same], { cwd: this.dir });
    const { version } = JSON.parse(this.read('node_modules/@nestjs/core/package.json'));
    if (!version.startsWith(`${this.nestMajor}.`)) throw new Error(`got Nest ${version}`);
  }

  /** The README's own application, and what runs it. */
  addSources() {
    cpSync(SOURCES, this.dir, { recursive: true });
    this.write('app.module.ts', fileOf('README.md', 'app.module.ts'));
  }

  run(cmd, args, options) {
    return command(cmd, args, { cwd: this.dir, ...options });
  }

  read(name) {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  write(name, text) {
    writeFileSync(join(this.dir, name), text);
  }
}
