import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './checks.mjs';

/** In KiB. Room for growth that somebody has to notice: a dependency more, or a picture in the package. */
const LIMITS = { packed: 250, unpacked: 1_024, installed: 3_072 };

/**
 * @param sizes in bytes: the tarball, what is in it, and that with all dependencies, peers aside.
 * @throws Error when one of them is over its limit.
 */
export function expectSmall(sizes) {
  for (const [name, limit] of Object.entries(LIMITS)) {
    const size = Math.round(sizes[name] / 1024);
    console.log(`          ${name}: ${size} KiB of at most ${limit}`);
    expect(size <= limit, `${name}: ${size} KiB are more than ${limit}`);
  }
}

/** What a package and its dependencies take in a `node_modules`, in bytes; each counts once. */
export function installedSize(modules, name) {
  const counted = new Set();
  const measure = (dir) => {
    if (counted.has(dir)) return 0;
    counted.add(dir);
    const { dependencies = {} } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
    return Object.keys(dependencies).reduce((sum, other) => {
      const nested = join(dir, 'node_modules', other);
      return sum + measure(existsSync(nested) ? nested : join(modules, other));
    }, sizeOf(dir));
  };
  return measure(join(modules, name));
}

/** Without the packages that are nested in it: those are counted as dependencies. */
function sizeOf(dir) {
  return readdirSync(dir, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sum + (entry.name === 'node_modules' ? 0 : sizeOf(path));
    return sum + statSync(path).size;
  }, 0);
}
