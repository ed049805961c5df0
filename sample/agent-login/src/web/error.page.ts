import { type Content, html } from './html.js';

const TITLES: Record<number, string> = {
  401: 'That did not prove who you are',
  403: 'That is not allowed',
  404: 'There is nothing here',
  503: 'Out of reach',
};

export function errorPage(status: number, message: string): { title: string; body: Content } {
  const title = TITLES[status] ?? 'That did not work';
  const body = html`<section class="card narrow">
    <p class="eyebrow">Error ${status}</p>
    <h1>${title}</h1>
    <p>${message}</p>
    <p class="actions"><a class="button secondary" href="/">To the start page</a></p>
  </section>`;
  return { title, body };
}
