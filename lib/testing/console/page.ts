import { hash } from 'node:crypto';
import type { Answer } from '../answer.js';
import type { SandboxError } from '../sandbox-error.js';
import { type Html, html, trusted } from './html.js';
import { PAGE_STYLE } from './styles.js';

/** The parts of a page of the sandbox. */
export interface HtmlPage {
  readonly title: string | Html;
  readonly content: Html;
  /** Shown beside the heading. */
  readonly aside?: Html;
  /** Further styles of this page. */
  readonly style?: string;
  readonly script?: string;
  /** The `form-action` of the CSP. Default: none, which allows every target. */
  readonly formAction?: string;
}

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>" +
  "<circle cx='8' cy='8' r='7' fill='%2365a30d'/><circle cx='8' cy='8' r='4' fill='%23d9f99d'/></svg>";

/** Makes a page with inline style and script. The CSP allows only these two, by their hashes. */
export function htmlPage(page: HtmlPage, status = 200): Answer {
  const style = PAGE_STYLE + (page.style ?? '');
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(page, style),
      'x-content-type-options': 'nosniff',
      // With no-referrer browsers send `Origin: null`, and the page's own form would look like a foreign one.
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    },
    body: html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title id="page-title">${page.title}</title>
          <link rel="icon" href="${trusted(ICON)}" />
          ${inline('style', style)}
        </head>
        <body>
          <header>
            <p class="banner">
              <strong>Sandbox</strong> This is not the real LIME. Its tokens and keys are of no use
              elsewhere.
            </p>
            <div class="bar">
              <h1><span class="mark" aria-hidden="true"></span>LIME sandbox</h1>
              ${page.aside}
            </div>
          </header>
          <main>${page.content}</main>
          ${page.script !== undefined && inline('script', page.script)}
        </body>
      </html>`.text,
  };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The sandbox does not understand this',
  403: 'This is not allowed',
  404: 'Not found',
  409: 'Too late',
  410: 'This connection is closed',
};

/** The page for a refusal. */
export function noticePage({ message, httpStatus = 500 }: SandboxError): Answer {
  const title = TITLES[httpStatus] ?? 'This did not work';
  const content = html`<section class="panel narrow">
    <h2>${title}</h2>
    <p>${message}</p>
    <p><a href="/">Open the console</a></p>
  </section>`;
  return htmlPage({ title: `${title} · LIME sandbox`, content }, httpStatus);
}

/** Adds no spaces: the policy has the hash of the exact text between the tags. */
function inline(tag: 'style' | 'script', text: string): Html {
  return trusted(`<${tag}>${text}</${tag}>`);
}

function policyOf({ script, formAction }: HtmlPage, style: string): string {
  return [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    ...(script === undefined ? [] : [`script-src ${sourceOf(script)}`, "connect-src 'self'"]),
    ...(formAction === undefined ? [] : [`form-action ${formAction}`]),
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function sourceOf(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`;
}
