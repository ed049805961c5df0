import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../support/command.mjs';
import { fileOf } from '../support/pages.mjs';

const ROOT = new URL('../../', import.meta.url);
const SOURCES = fileURLToPath(new URL('consumer', import.meta.url));
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

/** Beside each Nest: its own modules, the compiler that it sets up, and what a cluster is made of. The older one has the oldest. */
const VERSIONS = {
  11: {
    modules: { config: 4, 'event-emitter': 3, swagger: 11, terminus: 11 },
    packages: { 'reflect-metadata': '0.1.14', typescript: '5.9' },
    cluster: { bullmq: '5.64.0', ioredis: '5.4.1' },
  },
  12: {
    modules: { config: 12, 'event-emitter': 12, swagger: 12, terminus: 12 },
    packages: {},
    cluster: { bullmq: devDependencies.bullmq, ioredis: devDependencies.ioredis },
  },
};

/** What the guide on sessions installs. */
const SESSION_PACKAGES = [
  'express-session',
  '@types/express-session',
  '@fastify/cookie',
  '@fastify/session',
];

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
    const { packages } = VERSIONS[this.nestMajor];
    const others = ['reflect-metadata', 'rxjs', 'typescript', '@types/node', ...extras].map(
      (name) => (/.@/.test(name) ? name : `${name}@${packages[name] ?? devDependencies[name]}`),
    );
    await this.run('npm', [...INSTALL, tarball, ...nest, ...others]);
    const { version } = JSON.parse(this.read('node_modules/@nestjs/core/package.json'));
    if (!version.startsWith(`${this.nestMajor}.`)) throw new Error(`got Nest ${version}`);
  }

  get clusterPackages() {
    return Object.entries(VERSIONS[this.nestMajor].cluster).map((entry) => entry.join('@'));
  }

  /** What the package works with, but does not need: installed last, so that a need for it is noticed before. */
  async installModules(...extras) {
    const modules = Object.entries(VERSIONS[this.nestMajor].modules).map(
      ([name, major]) => `@nestjs/${name}@${major}`,
    );
    await this.run('npm', [...INSTALL, ...modules, ...this.clusterPackages, ...extras]);
  }

  async installSessions() {
    await this.run('npm', [...INSTALL, ...inOurVersion(SESSION_PACKAGES)]);
  }

  /** The README's own application, the SQL recipe of the guide on restarts, and what runs them. */
  addSources() {
    cpSync(SOURCES, this.dir, { recursive: true });
    this.write('app.module.ts', fileOf('README.md', 'app.module.ts'));
    this.write('sql-store.ts', fileOf('docs/restart.md', 'sql-store.ts'));
  }

  /** The commands of installed packages are there, as in an npm script: npx would take most of a second to find each. */
  run(cmd, args, options) {
    const PATH = [join(this.dir, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    return command(cmd, args, { cwd: this.dir, env: { PATH }, ...options });
  }

  read(name) {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  write(name, text) {
    writeFileSync(join(this.dir, name), text);
  }
}

/** Adds the version that this repository has to each name without one. */
function inOurVersion(names) {
  return names.map((name) => (/.@/.test(name) ? name : `${name}@${devDependencies[name]}`));
}
