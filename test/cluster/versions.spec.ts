import { beforeEach, describe, expect, it } from '@jest/globals';
import { useCleanup } from '../support/cleanup.js';
import { CompiledPackage } from '../support/child-app.js';

/** An application that joins a cluster. It prints what stops its start. */
const PROGRAM = `
import { bullMqCluster } from './dist/bullmq/index.js';
const cluster = bullMqCluster({ url: 'redis://127.0.0.1' });
const imports = [LimeSitesModule.forRoot({ siteToken: 'st_1', cluster })];
const options = { logger: false, abortOnError: false };
await NestFactory.createApplicationContext({ module: Root, imports }, options).catch(({ name, code, message }) =>
  say([name, code, message].join(' ')),
);
`;

const closeLater = useCleanup();

describe('bullMqCluster() with another version of its packages', () => {
  let compiled: CompiledPackage;
  beforeEach(async () => {
    compiled = await CompiledPackage.create();
    closeLater(() => compiled.remove());
  });

  const UNSUPPORTED = [
    ['bullmq', '4.18.3', '^5.64.0 || ^6.0.0'],
    ['bullmq', '5.63.2', '^5.64.0 || ^6.0.0'],
    ['bullmq', '7.0.0', '^5.64.0 || ^6.0.0'],
    ['ioredis', '4.30.1', '^5.4.1 || ^6.0.0'],
    ['ioredis', '5.4.0', '^5.4.1 || ^6.0.0'],
  ] as const;

  it.each(UNSUPPORTED)('stops the start with %s %s and names %s', async (name, version, range) => {
    await compiled.installManifest(name, version);

    expect(await outputOf(compiled)).toEqual([
      `LimeError UNSUPPORTED_VERSION bullMqCluster() does not work with ${name} ${version}: npm install "${name}@${range}"`,
    ]);
  });

  it('names both packages at once', async () => {
    await compiled.installManifest('bullmq', '5.1.0');
    await compiled.installManifest('ioredis', '5.3.2');

    const [line] = await outputOf(compiled);

    expect(line).toMatch(
      /with bullmq 5\.1\.0 and ioredis 5\.3\.2: npm install "bullmq@.*" "ioredis@.*"$/,
    );
  });
});

async function outputOf(compiled: CompiledPackage): Promise<string[]> {
  const app = await compiled.run(PROGRAM);
  expect(await app.closed).toBe(0);
  return app.lines;
}
