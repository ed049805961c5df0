import { join } from 'node:path';
import { readPages, ROOT } from '../docs/pages.mjs';

const pages = new Map();

/**
 * The code blocks of a page that belong to one recipe (left out: those that belong to none), as they stand there.
 * @returns `files` by the name that the first line of each gives, and `loose`, those without a name.
 */
export function codeOf(path, recipe) {
  if (!pages.has(path)) pages.set(path, readPages([join(ROOT, path)])[0]);
  const files = new Map();
  const loose = [];
  for (const block of pages.get(path).blocks.filter((each) => each.recipe === recipe)) {
    const text = block.lines.map((line) => line.text).join('\n');
    if (block.file) files.set(block.file, text);
    else loose.push(text);
  }
  return { files, loose };
}

/** @throws Error when the page does not have it: what it tells people would go untested. */
export function fileOf(path, name, recipe) {
  const text = codeOf(path, recipe).files.get(name);
  if (text === undefined)
    throw new Error(`${path} has no code block that begins with "// ${name}"`);
  return text;
}
