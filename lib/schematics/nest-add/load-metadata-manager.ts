import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MetadataManager } from '@nestjs/schematics';

/** Edits the metadata of a `@Module()`, as `nest generate` does. */
export type MetadataManagerClass = typeof MetadataManager;

/**
 * Loads it from the project that is being changed: `nest new` puts `@nestjs/schematics` into each, and this package
 * needs it for nothing else.
 * @throws Error with what to install, when it is not there.
 */
export async function loadMetadataManager(): Promise<MetadataManagerClass> {
  const project = createRequire(join(process.cwd(), 'package.json'));
  let file: string;
  try {
    file = project.resolve('@nestjs/schematics');
  } catch (cause) {
    throw new Error(
      'nest add needs @nestjs/schematics in your project: npm install -D @nestjs/schematics',
      {
        cause,
      },
    );
  }
  // Version 11 is CommonJS, whose exports are the default of what is imported.
  const loaded = (await import(pathToFileURL(file).href)) as Loaded & { default?: Loaded };
  return (loaded.default ?? loaded).MetadataManager;
}

interface Loaded {
  readonly MetadataManager: MetadataManagerClass;
}
