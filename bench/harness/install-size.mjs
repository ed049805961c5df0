import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the package and its dependencies take on disk, peers not counted. */
export async function installSize() {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const folders = [
    ['nestjs-lime-sites', join(ROOT, 'dist')],
    ...Object.keys(dependencies).map((name) => [name, join(ROOT, 'node_modules', name)]),
  ];
  const sizes = await Promise.all(
    folders.map(async ([name, folder]) => [name, Math.round((await bytesIn(folder)) / 1024)]),
  );
  return {
    kib: sizes.reduce((sum, [, kib]) => sum + kib, 0),
    packages: sizes.map(([name, kib]) => `${name} ${kib}`).join(', '),
  };
}

async function bytesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const stats = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))));
  return stats.reduce((sum, { size }) => sum + size, 0);
}
