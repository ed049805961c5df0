// node bundle.mjs esbuild|webpack FOLDER: bundles dist/login.js with everything that is installed into FOLDER/login.cjs.
import { createRequire } from 'node:module';

/** What Nest loads only if it is installed. Its CLI has webpack ignore such a list; bundlers fail on the others of Nest itself. */
const LAZY = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module',
  '@nestjs/microservices/microservices-module.js',
  '@nestjs/websockets/socket-module',
  '@nestjs/websockets/socket-module.js',
  'class-transformer',
  'class-transformer/storage',
  'class-validator',
];
const ENTRY = './dist/login.js';
const FILE = 'login.cjs';
const require = createRequire(import.meta.url);
const [bundler, folder] = process.argv.slice(2);
await { esbuild: withEsbuild, webpack: withWebpack }[bundler]();

function withEsbuild() {
  const { build } = require('esbuild');
  const settings = { bundle: true, platform: 'node', format: 'cjs', keepNames: true };
  return build({
    ...settings,
    entryPoints: [ENTRY],
    outfile: `${folder}/${FILE}`,
    external: LAZY,
    logLevel: 'silent', // what it throws says the same
  });
}

function withWebpack() {
  const webpack = require('webpack');
  const checkResource = (name) => LAZY.includes(name) && !isInstalled(name);
  const compiler = webpack({
    mode: 'none',
    target: 'node',
    entry: ENTRY,
    output: { path: folder, filename: FILE },
    optimization: { nodeEnv: false },
    plugins: [new webpack.IgnorePlugin({ checkResource })],
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error ?? stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
}

function isInstalled(name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
