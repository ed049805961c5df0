import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** The sources of what the package exports. */
const entryPoints = Object.values(exports)
  .map(({ default: built }) => built)
  .filter((built) => built !== undefined)
  .map((built) => built.replace(/^\.\/dist\/(.*)\.js$/, 'lib/$1.ts'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'nestjs-lime-sites',
  entryPoints,
  tsconfig: 'tsconfig.build.json',
  out: 'docs/api',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  // Sources have no address on the web yet.
  disableSources: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: [
    'Accessor',
    'Class',
    'Function',
    'Interface',
    'Method',
    'TypeAlias',
    'Variable',
  ],
  // Parts of a signature that users do not have to name.
  intentionallyNotExported: [
    'ANSWERS',
    'ASYNC_OPTIONS_TYPE',
    'ApprovedOutcome',
    'ClaimName',
    'EventOf',
    'ExpiredOutcome',
    'HandlerDecorator',
    'LimeSite',
    'NamedKey',
    'REFUSALS',
  ],
  // The interface is Standard Schema's, and so is its documentation.
  intentionallyNotDocumented: ['index.LimeSitesEnvSchema.~standard.__type.validate'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
