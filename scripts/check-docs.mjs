// Compiles every code block of the pages and follows every link within the repository.
// node scripts/check-docs.mjs [page.md …]; without names, all of them. CONTRIBUTING.md says how blocks are written.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';
import { readPages, ROOT } from './support/pages.mjs';

const INDEX = 'docs/README.md';
const EXTENSIONS = { ts: 'ts', tsx: 'tsx', js: 'mjs' };

const names = process.argv.slice(2);
const pages = readPages(names.length > 0 ? names : undefined);
const blocks = pages.flatMap((page) => page.blocks.map((block) => ({ page, ...block })));
const compiled = blocks.filter(({ language, recipe }) => language in EXTENSIONS && !recipe);
const mistakes = [
  ...wrongCode(compiled),
  ...blocks.filter(({ language, recipe }) => language === 'json' && !recipe).flatMap(wrongJson),
  ...brokenLinks(),
  ...guidesWithoutLink(),
];

for (const mistake of mistakes) console.log(mistake);
const links = pages.reduce((sum, page) => sum + page.links.length, 0);
const recipes = blocks.filter(({ recipe }) => recipe).length;
console.log(
  `${pages.length} pages: ${compiled.length} code blocks compiled, ${recipes} left to the recipes, ` +
    `${links} links followed, ${mistakes.length} mistakes`,
);
if (mistakes.length > 0) process.exitCode = 1;

/**
 * Compiles blocks under the repository's own strict settings, each in a file in which it has the line numbers of its page.
 * Blocks that name their file can import each other within a page, and those of the README from everywhere.
 */
function wrongCode(given) {
  const place = mkdtempSync(join(ROOT, '.code-blocks-')); // inside the repository, where packages are found
  try {
    const sources = new Map();
    for (const { page, language, file, line, text, around } of given) {
      const name = file ?? `line-${line}.${EXTENSIONS[language]}`;
      const path = join(place, page.path.replace(/\.md$/, '').replaceAll('..', '_'), name);
      if (sources.has(path)) return [`${page.path}:${line}: ${name} is there twice`];
      const head = around ? '\n'.repeat(around.line - 1) + around.above : '';
      const missing = line - (head.split('\n').length - 1);
      sources.set(path, page);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, head + '\n'.repeat(missing) + text + (around?.below ?? ''));
    }
    shareReadme(place, sources);
    return diagnosticsOf([...sources.keys()]).map(({ file, start, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      const page = file && sources.get(file.fileName);
      if (!page) return file ? `${relative(place, file.fileName)}: ${message}` : message;
      return `${page.path}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${message}`;
    });
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Copies the files of the README beside the blocks of each page, unless it has its own. */
function shareReadme(place, sources) {
  const [readme] = readPages(['README.md']);
  for (const folder of new Set([...sources.keys()].map(dirname))) {
    for (const { file, text } of readme.blocks.filter((block) => block.file)) {
      const path = join(folder, file);
      if (folder !== join(place, 'README') && !existsSync(path)) writeFileSync(path, text);
    }
  }
}

function diagnosticsOf(paths) {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(paths, {
    ...options,
    moduleDetection: ts.ModuleDetectionKind.Force,
    allowJs: true,
    // A fragment need not use what it leaves out.
    noUnusedLocals: false,
    noUnusedParameters: false,
  });
  const sources = paths.map((path) => program.getSourceFile(path));
  return [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...sources.flatMap((source) => program.getSyntacticDiagnostics(source)),
    ...sources.flatMap((source) => program.getSemanticDiagnostics(source)),
  ];
}

function wrongJson({ page, line, text }) {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [`${page.path}:${line}: ${error.message}`];
  }
}

/** Links to other places than this repository are not asked for. */
function brokenLinks() {
  const anchors = new Map(pages.map((page) => [page.path, page.anchors]));
  return pages.flatMap((page) =>
    page.links
      .filter(({ to }) => !/^[a-z]+:/i.test(to))
      .flatMap(({ to, line }) => {
        const [target, anchor] = to.split('#').map(decodeURIComponent);
        const path = target === '' ? page.path : normalize(join(dirname(page.path), target));
        const wrong = reasonAgainst(path, anchor, anchors);
        return wrong ? [`${page.path}:${line}: ${to}: ${wrong}`] : [];
      }),
  );
}

function reasonAgainst(path, anchor, anchors) {
  if (path.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, path))) return `there is no ${path}`;
  if (anchor === undefined) return undefined;
  if (!anchors.has(path)) {
    return statSync(join(ROOT, path)).isFile() ? undefined : 'a folder has no anchors';
  }
  return anchors.get(path).has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

/** The index of the guides has to link to each of them. */
function guidesWithoutLink() {
  const index = pages.find(({ path }) => path === INDEX);
  if (!index) return [];
  const linked = new Set(index.links.map(({ to }) => join('docs', to.split('#')[0])));
  return pages
    .filter(({ path }) => path.startsWith('docs/') && path !== INDEX && !linked.has(path))
    .map(({ path }) => `${INDEX}: does not link to ${path}`);
}
