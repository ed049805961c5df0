import { type Content, html } from './html.js';

const TITLES: Record<number, string> = {
  401: 'Your identity is not proven',
  403: 'This is not allowed',
  404: 'This page does not exist',
  503: 'Out of reach',
};

export function errorPage(status: number, message: string): { title: string; body: Content } {
  const title = TITLES[status] ?? 'This did not work';
  const body = html`<section class="card narrow">
    <p class="eyebrow">Error ${status}</p>
    <h1>${title}</h1>
    <p>${message}</p>
    <p class="actions"><a class="button secondary" href="/">To the start page</a></p>
  </section>`;
  return { title, body };
}
