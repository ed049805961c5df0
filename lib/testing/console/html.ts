/** Markup that may be put into a page as it is. Only {@link html} and {@link trusted} make it. */
export class Html {
  constructor(readonly text: string) {}
}

/** Values that {@link html} accepts; `undefined` and `false` leave nothing. */
export type Insertion = Html | readonly Html[] | string | number | undefined | false;

/** Markup with everything in between escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...insertions: readonly Insertion[]): Html {
  const inserted = insertions.map(textOf);
  return new Html(String.raw({ raw: parts }, ...inserted));
}

/** Text that is markup already; never for text from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}

function textOf(insertion: Insertion): string {
  if (insertion === undefined || insertion === false) return '';
  if (insertion instanceof Html) return insertion.text;
  if (typeof insertion === 'object') return insertion.map(({ text }) => text).join('');
  return escapeHtml(String(insertion));
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
