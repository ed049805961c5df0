import MarkdownIt from 'markdown-it';

/** A hidden comment in front of a block that cannot stand alone: the code around it, with `…` where the block goes. */
const AROUND = /^<!-- around\n(.*?)^-->$/ms;
const FILE_NAME = /^\/\/ (\S+\.[cm]?[jt]s)\n/;

/** One Markdown page: its code blocks, where it points to, and what can be pointed at in it. */
export class Page {
  blocks = [];
  links = [];
  anchors = new Set();

  /** @param path relative to the root of the repository. */
  constructor(path, text) {
    this.path = path;
    const tokens = new MarkdownIt({ html: true }).parse(text, {});
    for (const [index, token] of tokens.entries()) {
      const line = (token.map?.[0] ?? 0) + 1;
      if (token.type === 'fence') this.blocks.push(blockOf(token, line, tokens[index - 1]));
      if (token.type === 'heading_open') this.#addAnchor(tokens[index + 1].children);
      if (token.type === 'html_block') this.#addHtmlLinks(token.content, line);
      for (const child of token.children ?? []) this.#addLinks(child, line);
    }
  }

  #addLinks(token, line) {
    if (token.type === 'link_open') this.links.push({ to: token.attrGet('href'), line });
    if (token.type === 'image') this.links.push({ to: token.attrGet('src'), line });
    if (token.type === 'html_inline') this.#addHtmlLinks(token.content, line);
  }

  #addHtmlLinks(html, line) {
    for (const [, to] of html.matchAll(/\b(?:href|src|srcset)="([^"]*)"/g)) {
      this.links.push({ to, line });
    }
  }

  /** As GitHub makes them: what is no letter, digit, space, `-` or `_` goes; a repeated one gets a number. */
  #addAnchor(children) {
    const heading = children
      .filter(({ type }) => type === 'text' || type === 'code_inline')
      .map(({ content }) => content)
      .join('');
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; this.anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    this.anchors.add(anchor);
  }
}

/** The lines of a block, each with its place on the page; `file` if its first line names one. */
function blockOf({ info, content }, line, before) {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const recipe = words.find((word) => word.startsWith('recipe:'))?.slice('recipe:'.length);
  const own = linesOf(content, line + 1);
  const around = before?.type === 'html_block' ? AROUND.exec(before.content.trim()) : null;
  const lines = around ? within(linesOf(around[1], before.map[0] + 2), own) : own;
  return { language, recipe, line, lines, file: FILE_NAME.exec(content)?.[1] };
}

function within(around, own) {
  const at = around.findIndex(({ text }) => text.trim() === '…');
  if (at < 0)
    throw new Error(`line ${around[0].line}: the comment lacks a line with nothing but …`);
  return [...around.slice(0, at), ...own, ...around.slice(at + 1)];
}

function linesOf(text, first) {
  return text.split('\n').map((content, index) => ({ text: content, line: first + index }));
}
