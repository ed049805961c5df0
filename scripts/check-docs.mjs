// Compiles every code block of the pages that people read, and follows every link within the repository.
// node scripts/check-docs.mjs [page.md …]; without names, all of them. CONTRIBUTING.md says how blocks are written.
import { BlockProgram } from './docs/block-program.mjs';
import { brokenLinks, guidesWithoutLink } from './docs/links.mjs';
import { readPages } from './docs/pages.mjs';

const COMPILED = new Set(['ts', 'tsx', 'js']);
const names = process.argv.slice(2);
const pages = readPages(names.length > 0 ? names : undefined);
const program = new BlockProgram();
const mistakes = [];
let recipes = 0;

for (const page of pages) {
  for (const block of page.blocks) {
    if (block.recipe) recipes++;
    else if (COMPILED.has(block.language)) program.add(page, block);
    else if (block.language === 'json') mistakes.push(...wrongJson(page, block));
  }
}
mistakes.push(...program.mistakes(), ...brokenLinks(pages), ...guidesWithoutLink(pages));

for (const mistake of mistakes) console.log(mistake);
const links = pages.reduce((sum, page) => sum + page.links.length, 0);
console.log(
  `${pages.length} pages: ${program.size} code blocks compiled, ${recipes} left to the recipes, ${links} links followed, ` +
    `${mistakes.length} mistakes`,
);
if (mistakes.length > 0) process.exitCode = 1;

function wrongJson(page, { line, lines }) {
  try {
    JSON.parse(lines.map(({ text }) => text).join('\n'));
    return [];
  } catch (error) {
    return [`${page.path}:${line}: ${error.message}`];
  }
}
