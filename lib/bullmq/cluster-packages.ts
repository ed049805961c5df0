import { createRequire } from 'node:module';
import { LimeError } from '../errors/index.js';

/** The optional packages behind the cluster. */
export interface ClusterPackages {
  readonly bullmq: Pick<typeof import('bullmq'), 'DelayedError' | 'Queue' | 'Worker'>;
  readonly ioredis: Pick<typeof import('ioredis'), 'Redis'>;
}

/**
 * The versions that the cluster works with. The optional peers allow more, so that an application with older ones can install
 * the module. BullMQ 5.64 brought the signal of a job, ioredis 5.4 `socketTimeout`.
 */
const VERSIONS = { bullmq: '^5.64.0 || ^6.0.0', ioredis: '^5.4.1 || ^6.0.0' };

/** @throws {LimeError} `MISSING_PACKAGE`; `UNSUPPORTED_VERSION`, which names the package, its version and the range that works. */
export async function loadClusterPackages(): Promise<ClusterPackages> {
  const unsupported = Object.entries(VERSIONS).flatMap(([name, range]) => {
    const version = installedVersion(name);
    if (version === undefined || satisfies(version, range)) return [];
    return [{ found: `${name} ${version}`, needed: `"${name}@${range}"` }];
  });
  if (unsupported.length > 0) {
    const found = unsupported.map((fault) => fault.found).join(' and ');
    const needed = unsupported.map((fault) => fault.needed).join(' ');
    throw new LimeError(
      'UNSUPPORTED_VERSION',
      `bullMqCluster() does not work with ${found}: npm install ${needed}`,
    );
  }
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, ioredis };
  } catch (cause) {
    throw new LimeError(
      'MISSING_PACKAGE',
      'bullMqCluster() needs two packages that are not installed: npm install bullmq ioredis',
      { cause },
    );
  }
}

/** `undefined` for a package that is not installed, or that a bundler has put into the application. */
function installedVersion(name: string): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)(`${name}/package.json`) as {
      version: string;
    };
    return version;
  } catch {
    return undefined;
  }
}

/** Reads ranges such as those above: carets, from major 1 on, joined with `||`. */
function satisfies(version: string, range: string): boolean {
  const [major, minor, patch] = numbersOf(version);
  return range.split('||').some((caret) => {
    const [sameMajor, minMinor, minPatch] = numbersOf(caret);
    return major === sameMajor && (minor === minMinor ? patch >= minPatch : minor > minMinor);
  });
}

function numbersOf(version: string): [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = (version.match(/\d+/g) ?? []).map(Number);
  return [major, minor, patch];
}
