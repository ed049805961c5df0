import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Session } from '../session/session.js';
import { type Content, html } from './html.js';
import { SITE_EXTRAS, type SiteExtras } from './site-extras.js';

export interface PageParts {
  title: string;
  body: Content;
  session?: Session | undefined;
  /** Further scripts of `public/`. */
  scripts?: readonly string[];
  /** Without JavaScript, the browser reloads the page after this number of seconds. */
  refreshSeconds?: number;
}

/** The frame around every page. */
@Injectable()
export class Layout {
  constructor(@Optional() @Inject(SITE_EXTRAS) private readonly extras?: SiteExtras) {}

  render({ title, body, session, scripts = [], refreshSeconds }: PageParts): string {
    return html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${title} · Grove</title>
          <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/assets/site.css" />
          ${
            refreshSeconds !== undefined &&
            html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}" /></noscript>`
          }
          ${['site.js', ...scripts].map(
            (name) => html`<script type="module" src="/assets/${name}"></script>`,
          )}
        </head>
        <body>
          <a class="skip" href="#main">Skip to content</a>
          ${this.extras?.banner()} ${header(session)}
          <main id="main" tabindex="-1">${body}</main>
          <footer class="foot">
            <p>Grove is the sample site of <code>nestjs-lime-sites</code>.</p>
          </footer>
        </body>
      </html> `.text;
  }

  besideWaiting(requestId: string): Content {
    return this.extras?.besideWaiting(requestId);
  }
}

function header(session: Session | undefined): Content {
  return html`<header class="top">
    <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28" />Grove</a>
    ${
      session?.agent &&
      html`<nav aria-label="Account">
        <a href="/account">Account</a>
        <form method="post" action="/logout"><button class="quiet">Log out</button></form>
      </nav>`
    }
  </header>`;
}
