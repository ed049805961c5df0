import { createRequire } from 'node:module';
import { join } from 'node:path';
import { join as joinPosix } from 'node:path/posix';
import { pathToFileURL } from 'node:url';
import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import type { MetadataManager } from '@nestjs/schematics';

/** The options of `nest add nestjs-lime-sites`; see `schema.json`. */
export interface NestAddOptions {
  sourceRoot: string;
  module: string;
}

/** Edits the metadata of a `@Module()`, as `nest generate` does. */
type MetadataManagerClass = typeof MetadataManager;

const REGISTRATION = 'LimeSitesModule.forRoot()';
/** The import of `@nestjs/common`, in one line or in several, which every file with a `@Module()` has. */
const NEST_IMPORT = /^import\b[^;'"]*\bfrom\s*(['"])@nestjs\/common\1(;?)[^\S\n]*\n/m;
/** `{ imports }`, to which the metadata manager cannot add. */
const SHORTHAND = /[{,]\s*imports\s*[,}]/;

const ENV_EXAMPLE = '.env.example';
const ENV_LINES = `# The site token from the LIME portal, or one that \`npx lime-sandbox\` prints
LIME_SITE_TOKEN=
`;

/**
 * Runs for `nest add`: adds `LimeSitesModule.forRoot()` to the root module, and `LIME_SITE_TOKEN` to `.env.example` if
 * that file exists. A second run changes nothing.
 * @throws Error with the manual steps, when the root module is missing or has an unexpected form.
 */
export function nestAdd(
  { sourceRoot, module }: NestAddOptions,
  load: () => Promise<MetadataManagerClass> = loadMetadataManager,
) {
  return async (tree: Tree, { logger }: SchematicContext): Promise<void> => {
    const path = joinPosix(sourceRoot, module);
    if (!tree.exists(path)) {
      throw new Error(
        `module: ${path} does not exist. Pass the file of your root module, relative to ${sourceRoot}: ` +
          'nest add nestjs-lime-sites --module=your.module.ts',
      );
    }
    const before = tree.readText(path);
    const after = registerModule(before, path, await load());
    if (after === before) logger.info(`${path} already imports LimeSitesModule.`);
    else tree.overwrite(path, after);
    addTokenLine(tree);
    logger.info(
      'Set LIME_SITE_TOKEN before you start, or let `npx lime-sandbox` print one. Then handle logins with @OnLimeLogin().',
    );
  };
}

/**
 * Loads the metadata manager from the user's project: `nest new` installs `@nestjs/schematics` there, and this package
 * needs it for nothing else.
 */
async function loadMetadataManager(): Promise<MetadataManagerClass> {
  const project = createRequire(join(process.cwd(), 'package.json'));
  let file: string;
  try {
    file = project.resolve('@nestjs/schematics');
  } catch (cause) {
    throw new Error(
      'nest add needs @nestjs/schematics in your project: npm install -D @nestjs/schematics',
      { cause },
    );
  }
  // Version 11 is CommonJS: import() puts its exports into `default`.
  type Exports = { readonly MetadataManager: MetadataManagerClass };
  const loaded = (await import(pathToFileURL(file).href)) as Exports & { default?: Exports };
  return (loaded.default ?? loaded).MetadataManager;
}

/** Adds the import statement, in the quotes of the file, and the registration. Returns a registered module as it is. */
function registerModule(text: string, path: string, Manager: MetadataManagerClass): string {
  if (/\bLimeSitesModule\b/.test(text)) return text;
  const extensible = !SHORTHAND.test(text);
  const registered = (extensible && new Manager(text).insert('imports', REGISTRATION)) || text;
  const imported = registered.replace(
    NEST_IMPORT,
    (statement, quote: string, end: string) =>
      `${statement}import { LimeSitesModule } from ${quote}nestjs-lime-sites${quote}${end}\n`,
  );
  if (registered !== text && imported !== registered) return imported;
  throw new Error(
    `${path} has no @Module({ … }) with a plain list of imports. Add this to your root module by hand:\n` +
      `  import { LimeSitesModule } from 'nestjs-lime-sites';\n  imports: [${REGISTRATION}]`,
  );
}

function addTokenLine(tree: Tree): void {
  if (!tree.exists(ENV_EXAMPLE)) return;
  const text = tree.readText(ENV_EXAMPLE);
  if (/^\s*LIME_SITE_TOKEN\s*=/m.test(text)) return;
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  tree.overwrite(ENV_EXAMPLE, text + end + ENV_LINES);
}
