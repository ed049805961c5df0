import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './pages.mjs';

const INDEX = 'docs/README.md';

/** One text for each link that leads nowhere within the repository; other places are not asked. */
export function brokenLinks(pages) {
  const known = new Map(pages.map((page) => [page.path, page]));
  return pages.flatMap((page) =>
    page.links.flatMap(({ to, line }) => {
      if (/^[a-z]+:/i.test(to)) return [];
      const [target, anchor] = to.split('#').map(decodeURIComponent);
      const path = target === '' ? page.path : normalize(join(dirname(page.path), target));
      const wrong = reasonAgainst(path, anchor, known);
      return wrong ? [`${page.path}:${line}: ${to}: ${wrong}`] : [];
    }),
  );
}

/** One text for each guide that the index of the guides does not name: nobody would find it. */
export function guidesWithoutLink(pages) {
  const index = pages.find(({ path }) => path === INDEX);
  if (!index) return [];
  const named = new Set(index.links.map(({ to }) => join('docs', to.split('#')[0])));
  return pages
    .filter(({ path }) => path.startsWith('docs/') && path !== INDEX && !named.has(path))
    .map(({ path }) => `${INDEX}: does not name ${path}`);
}

function reasonAgainst(path, anchor, pages) {
  if (path.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, path))) return `there is no ${path}`;
  if (anchor === undefined) return undefined;
  const page = pages.get(path);
  if (!page) return statSync(join(ROOT, path)).isFile() ? undefined : 'a folder has no anchors';
  return page.anchors.has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}
