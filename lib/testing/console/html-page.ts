import { hash } from 'node:crypto';
import type { Answer } from '../answer.js';
import { type Html, html, trusted } from './html.js';
import { STYLE } from './style.js';

/** What one page of the sandbox consists of. */
export interface HtmlPage {
  readonly title: string | Html;
  readonly body: Html;
  /** Styles beside those that all pages share. */
  readonly style?: string;
  readonly script?: string;
  /** Where forms of the page may lead, as in the CSP. Default: anywhere. */
  readonly formAction?: string;
}

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>" +
  "<circle cx='8' cy='8' r='7' fill='%2365a30d'/><circle cx='8' cy='8' r='4' fill='%23d9f99d'/></svg>";

/** Everything is inline, and nothing inline runs but what the server wrote: the policy names it by its hash. */
export function htmlPage(page: HtmlPage, status = 200): Answer {
  const style = STYLE + (page.style ?? '');
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(page, style),
      'x-content-type-options': 'nosniff',
      // With no-referrer browsers send `Origin: null`, and a form of our own could not be told from another's.
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
          ${page.body} ${page.script !== undefined && inline('script', page.script)}
        </body>
      </html>`.text,
  };
}

/** Without a space around the text: the policy names exactly what stands between the tags. */
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
