import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { transformFile } from '@swc/core';

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
    const files = await readdir('lib', { recursive: true });
    await Promise.all(
      files
        .filter((name) => name.endsWith('.ts'))
        .map((name) => compile(join('lib', name), join(folder, 'dist', jsOf(name)))),
    );
    return new CompiledPackage(folder);
  }

  /** Starts a program in its own process, with further environment variables. */
  async run(program: string, env: Record<string, string> = {}): Promise<ChildApp> {
    const file = this.#newFile();
    await writeFile(file, PRELUDE + program);
    return start([file], env);
  }

  /** Starts a program in TypeScript, which says itself what it needs. */
  async runFile(source: string, args: readonly string[] = []): Promise<ChildApp> {
    const file = this.#newFile();
    await compile(source, file);
    return start([file, ...args]);
  }

  #newFile(): string {
    return join(this.folder, `program-${performance.now()}.mjs`);
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

function start(args: readonly string[], env: Record<string, string> = {}): ChildApp {
  return new ChildApp(
    spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    }),
  );
}

function jsOf(name: string): string {
  return name.replace(/ts$/, 'js');
}

async function compile(source: string, target: string): Promise<void> {
  const { code } = await transformFile(source, {
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
    },
    module: { type: 'es6' },
    swcrc: false,
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}
