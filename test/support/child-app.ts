import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Options, transform } from '@swc/core';

/** The start of each program. It writes lines for the test to its standard output. */
const PRELUDE = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService, LimeSitesModule } from './dist/index.js';
class Root {}
const createApp = (options = {}) =>
  NestFactory.createApplicationContext({ module: Root, imports: [LimeSitesModule.forRoot(options)] }, { logger: ['error'] });
const say = (line) => process.stdout.write(line + '\\n');
`;

const COMPILER: Options = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
  },
  module: { type: 'es6' },
  swcrc: false,
};

/** Lets programs import the package by its name. */
const MANIFEST = {
  name: 'nestjs-lime-sites',
  type: 'module',
  exports: {
    '.': './dist/index.js',
    './mcp': './dist/mcp/index.js',
    './testing': './dist/testing/index.js',
  },
};

/** The package for programs in their own processes. Compiled file by file, because a build may be missing or old. */
export class CompiledPackage {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<CompiledPackage> {
    const cache = resolve('node_modules/.cache'); // for the dependencies
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(join(cache, 'compiled-'));
    await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST));
    await compileAll('lib', join(folder, 'dist'));
    return new CompiledPackage(folder);
  }

  /** Gives the programs another version of a dependency: its manifest, without code. */
  async installManifest(name: string, version: string): Promise<void> {
    const folder = join(this.folder, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version }));
  }

  /** Starts a program, in TypeScript, in its own process, with further environment variables. */
  async run(program: string, env: Record<string, string> = {}): Promise<ChildApp> {
    const name = `program-${performance.now()}.ts`;
    await this.add(name, PRELUDE + program);
    return this.start(name.replace(/ts$/, 'js'), env);
  }

  /** Starts a file of TypeScript, which says itself what it needs. */
  async runFile(source: string, args: readonly string[] = []): Promise<ChildApp> {
    const name = `program-${performance.now()}.ts`;
    await this.add(name, await readFile(source, 'utf8'));
    return this.start(name.replace(/ts$/, 'js'), {}, args);
  }

  /** Adds a file of TypeScript beside the package. */
  async add(name: string, code: string): Promise<void> {
    await compile(code, join(this.folder, name));
  }

  /** Starts a file that was added, by the name of what it became. */
  start(name: string, env: Record<string, string>, args: readonly string[] = []): ChildApp {
    return new ChildApp(
      spawn(process.execPath, [join(this.folder, name), ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      }),
    );
  }

  /** Compiles a sample. Gives a function that starts it in its own process. */
  async compileSample(name: string): Promise<(env: Record<string, string>) => ChildApp> {
    const sample = join('sample', name);
    await compileAll(join(sample, 'src'), join(this.folder, sample, 'dist'));
    await cp(join(sample, 'public'), join(this.folder, sample, 'public'), { recursive: true });
    return (env) => this.start(join(sample, 'dist/main.js'), env);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** A running program. */
export class ChildApp {
  readonly lines: string[] = [];
  /** The exit code, or the signal. */
  readonly ended: Promise<number | string>;
  /** The same, after all output has been read. */
  readonly closed: Promise<number | string>;
  #listener: ((line: string) => void) | undefined;

  constructor(private readonly child: ChildProcess) {
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (this.#listener) this.#listener(line);
        else this.lines.push(line);
      });
    }
    const how = ([code, signal]: unknown[]) => (code ?? signal) as number | string;
    this.ended = once(child, 'exit').then(how);
    this.closed = once(child, 'close').then(how);
  }

  /** Passes all lines to the listener, and keeps none. */
  onLine(listener: (line: string) => void): void {
    this.#listener = listener;
    for (const line of this.lines.splice(0)) listener(line);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

async function compileAll(source: string, target: string): Promise<void> {
  const files = await readdir(source, { recursive: true });
  await Promise.all(
    files
      .filter((name) => name.endsWith('.ts'))
      .map(async (name) => compile(await readFile(join(source, name), 'utf8'), join(target, name))),
  );
}

/** @param target the path of the source; the result is beside it. */
async function compile(code: string, target: string): Promise<void> {
  const result = await transform(code, COMPILER);
  const file = target.replace(/ts$/, 'js');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, result.code);
}
