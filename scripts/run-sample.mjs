// Builds the package and one sample, then becomes that sample: node scripts/run-sample.mjs NAME [its arguments]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('..', import.meta.url);
const [name] = process.argv.splice(2, 1);

process.stderr.write('Building the package and the sample, which takes a moment …\n');
build();
build(name);
try {
  await import(new URL(`sample/${name}/dist/main.js`, ROOT).href);
} catch (error) {
  if (error.code !== 'EADDRINUSE') throw error;
  process.stderr.write(
    `Port ${error.port} is in use: end what listens there, or set PORT to another one.\n`,
  );
  process.exit(1);
}

/** @param project one of nest-cli.json; without a name it is the package itself. */
function build(...project) {
  const nest = fileURLToPath(new URL('node_modules/@nestjs/cli/bin/nest.js', ROOT));
  const { status, signal } = spawnSync(process.execPath, [nest, 'build', ...project], {
    cwd: fileURLToPath(ROOT),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0 || signal) process.exit(status ?? 130);
}
