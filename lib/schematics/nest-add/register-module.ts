import type { MetadataManagerClass } from './load-metadata-manager.js';

const REGISTRATION = 'LimeSitesModule.forRoot()';
/** Whoever has a `@Module()` imports it, in one line or in several. */
const NEST_IMPORT = /^import\b[^;'"]*\bfrom\s*(['"])@nestjs\/common\1(;?)[^\S\n]*\n/m;
/** `{ imports }`, to which nothing can be added. */
const SHORTHAND = /[{,]\s*imports\s*[,}]/;

/**
 * Adds the import statement and the registration to the source text of a module, in the quotes that it uses.
 * @param path names the file in errors.
 * @returns the same text if `LimeSitesModule` is in it already.
 * @throws Error with what to do by hand, when the text is not understood.
 */
export function registerModule(text: string, path: string, Manager: MetadataManagerClass): string {
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
