// The Markdown pages of the repository: their code blocks, links and anchors.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import MarkdownIt from 'markdown-it';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLACES = ['.', 'docs', 'sample', '.github', '.github/ISSUE_TEMPLATE'];
/** A hidden comment in front of a block that cannot stand alone: the code around it, with `…` where the block goes. */
const AROUND = /^<!-- around\n(.*?)^-->$/ms;
const FILE_NAME = /^\/\/ (\S+\.[cm]?[jt]s)\n/;

/** Every page of the repository, or those named. */
export function readPages(names = allPages()) {
  return names.map((name) => {
    const path = relative(ROOT, resolve(ROOT, name));
    try {
      return { path, ...parse(readFileSync(join(ROOT, path), 'utf8')) };
    } catch (error) {
      throw new Error(`${path}: ${error.message}`, { cause: error });
    }
  });
}

/**
 * The code blocks of a page that belong to one recipe (without a name: to none), as they stand there.
 * @returns `files` by the name in their first line, and `loose`, those without a name
 */
export function codeOf(path, recipe) {
  const [page] = readPages([path]);
  const blocks = page.blocks.filter((block) => block.recipe === recipe);
  return {
    files: new Map(blocks.filter(({ file }) => file).map(({ file, text }) => [file, text])),
    loose: blocks.filter(({ file }) => !file).map(({ text }) => text),
  };
}

/** @throws Error when the page does not have the file: its code would go untested */
export function fileOf(path, name) {
  const text = codeOf(path).files.get(name);
  if (text !== undefined) return text;
  throw new Error(`${path} has no code block that begins with "// ${name}"`);
}

function allPages() {
  return PLACES.filter((place) => existsSync(join(ROOT, place))).flatMap((place) =>
    readdirSync(join(ROOT, place))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(place, name)),
  );
}

function parse(markdown) {
  const page = { blocks: [], links: [], anchors: new Set() };
  const tokens = new MarkdownIt({ html: true }).parse(markdown, {});
  for (const [index, token] of tokens.entries()) {
    const line = (token.map?.[0] ?? 0) + 1;
    const before = tokens[index - 1];
    if (token.type === 'fence') page.blocks.push(blockOf(token, line, before));
    if (token.type === 'heading_open') page.anchors.add(anchorOf(tokens[index + 1], page.anchors));
    for (const part of [token, ...(token.children ?? [])]) {
      page.links.push(...linksOf(part).map((to) => ({ to, line })));
    }
  }
  return page;
}

/** `file` is the name in the first line, `above` and `below` the hidden code around the block. */
function blockOf({ info, content: text }, line, before) {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const recipe = words.find((word) => word.startsWith('recipe:'))?.slice('recipe:'.length);
  const block = { language, recipe, line, text, file: FILE_NAME.exec(text)?.[1] };
  const around = before?.type === 'html_block' && AROUND.exec(before.content.trim());
  if (!around) return block;
  const [above, below] = around[1].split(/^ *…$/m);
  if (below === undefined) throw new Error(`line ${line}: the comment lacks a line with only …`);
  return { ...block, around: { line: before.map[0] + 2, above, below } };
}

function linksOf(token) {
  if (token.type === 'link_open') return [token.attrGet('href')];
  if (token.type === 'image') return [token.attrGet('src')];
  if (token.type !== 'html_inline' && token.type !== 'html_block') return [];
  return Array.from(token.content.matchAll(/\b(?:href|src|srcset)="([^"]*)"/g), ([, to]) => to);
}

/** As GitHub makes it: anything but letters, digits, spaces, `-` and `_` goes; a repeated one gets a number. */
function anchorOf({ children }, taken) {
  const slug = children
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
  let anchor = slug;
  for (let count = 1; taken.has(anchor); count++) anchor = `${slug}-${count}`;
  return anchor;
}
