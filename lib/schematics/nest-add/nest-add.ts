import { join } from 'node:path/posix';
import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { loadMetadataManager, type MetadataManagerClass } from './load-metadata-manager.js';
import { registerModule } from './register-module.js';

/** What `nest add nestjs-lime-sites` takes; see `schema.json`. */
export interface NestAddOptions {
  sourceRoot: string;
  module: string;
}

const ENV_EXAMPLE = '.env.example';
const ENV_LINES = `# The site token from the LIME portal, or one that \`npx lime-sandbox\` prints
LIME_SITE_TOKEN=
`;

/**
 * The schematic that `nest add` runs: `LimeSitesModule.forRoot()` goes into the root module, and `LIME_SITE_TOKEN` into
 * `.env.example` if there is one. Run again, it changes nothing.
 * @throws Error with what to do by hand, when the root module is not found or not understood.
 */
export function nestAdd(
  { sourceRoot, module }: NestAddOptions,
  load: () => Promise<MetadataManagerClass> = loadMetadataManager,
) {
  return async (tree: Tree, { logger }: SchematicContext): Promise<void> => {
    const path = join(sourceRoot, module);
    if (!tree.exists(path)) {
      throw new Error(
        `There is no ${path}. Name the file of your root module, relative to ${sourceRoot}: ` +
          'nest add nestjs-lime-sites --module=your.module.ts',
      );
    }
    const before = tree.readText(path);
    const after = registerModule(before, path, await load());
    if (after === before) logger.info(`LimeSitesModule is in ${path} already.`);
    else tree.overwrite(path, after);
    nameToken(tree);
    logger.info(
      'Set LIME_SITE_TOKEN before you start, or let `npx lime-sandbox` print one. Then handle logins with @OnLimeLogin().',
    );
  };
}

function nameToken(tree: Tree): void {
  if (!tree.exists(ENV_EXAMPLE)) return;
  const text = tree.readText(ENV_EXAMPLE);
  if (/^\s*LIME_SITE_TOKEN\s*=/m.test(text)) return;
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  tree.overwrite(ENV_EXAMPLE, text + end + ENV_LINES);
}
