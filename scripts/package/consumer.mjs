import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../support/command.mjs';
import { fileOf } from '../support/pages.mjs';

const ROOT = new URL('../../', import.meta.url);
const SOURCES = fileURLToPath(new URL('consumer', import.meta.url));
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
const { devDependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL('package.json', ROOT), 'utf8'),
);

/** The versions of Nest's own modules that belong to a version of Nest. */
const NEST_MODULES = {
  11: { config: 4, 'event-emitter': 3, terminus: 11 },
  12: { config: 12, 'event-emitter': 12, terminus: 12 },
};

/** What a cluster is made of: beside the older Nest the oldest versions that are allowed, beside the newer one those of this repository. */
const CLUSTER_PACKAGES = ['bullmq', 'ioredis'];

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
    const typescript = this.nestMajor === 11 ? 'typescript@5' : 'typescript'; // what each sets up
    const same = inOurVersion(['reflect-metadata', 'rxjs', typescript, '@types/node', ...extras]);
    await this.run('npm', [...INSTALL, tarball, ...nest, ...same]);
    const { version } = JSON.parse(this.read('node_modules/@nestjs/core/package.json'));
    if (!version.startsWith(`${this.nestMajor}.`)) throw new Error(`got Nest ${version}`);
  }

  get clusterPackages() {
    return CLUSTER_PACKAGES.map((name) => {
      const [oldest] = /\d+\.\d+\.\d+/.exec(peerDependencies[name]);
      return `${name}@${this.nestMajor === 11 ? oldest : devDependencies[name].replace('^', '')}`;
    });
  }

  /** What the package works with, but does not need: installed last, so that a need for it is noticed before. */
  async installModules() {
    const modules = Object.entries(NEST_MODULES[this.nestMajor]).map(
      ([name, major]) => `@nestjs/${name}@${major}`,
    );
    await this.run('npm', [...INSTALL, ...modules, ...this.clusterPackages]);
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

/** Adds the version that this repository has to each name without one. */
function inOurVersion(names) {
  return names.map((name) => (/.@/.test(name) ? name : `${name}@${devDependencies[name]}`));
}
