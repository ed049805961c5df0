import type { Answer } from '../answer.js';
import type { SandboxError } from '../sandbox-error.js';
import { html } from './html.js';
import { htmlPage } from './html-page.js';
import { layout } from './layout.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'This was not understood',
  403: 'This is not allowed',
  404: 'Not found',
  409: 'Too late',
  410: 'This connection is closed',
};

/** A page that says why not. */
export function noticePage({ message, httpStatus = 500 }: SandboxError): Answer {
  const title = TITLES[httpStatus] ?? 'This did not work';
  const body = html`<section class="panel narrow">
    <h2>${title}</h2>
    <p>${message}</p>
    <p><a href="/">Open the console</a></p>
  </section>`;
  return htmlPage(
    { title: `${title} · LIME sandbox`, body: layout('LIME sandbox', body) },
    httpStatus,
  );
}
