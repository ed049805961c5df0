/** Markup that a page includes without escaping. Only {@link html} and {@link trusted} make it. */
export class Html {
  constructor(readonly text: string) {}
}

/** Values that {@link html} accepts. `undefined` and `false` add nothing. */
export type Insertion = Html | readonly Html[] | string | number | undefined | false;

/** Escapes the inserted values, unless they are markup. */
export function html(parts: TemplateStringsArray, ...insertions: readonly Insertion[]): Html {
  const inserted = insertions.map(textOf);
  return new Html(String.raw({ raw: parts }, ...inserted));
}

/** Declares a text to be markup. Never for text from outside. */
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
