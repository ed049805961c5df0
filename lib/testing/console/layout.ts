import { type Html, html } from './html.js';

/** The frame of every page: what this is, and that it is not the real thing. */
export function layout(heading: string, content: Html, aside?: Html): Html {
  return html`<header>
      <p class="banner">
        <strong>Sandbox</strong> This is not the real LIME: tokens are made up, keys are thrown
        away.
      </p>
      <div class="bar">
        <h1><span class="mark" aria-hidden="true"></span>${heading}</h1>
        ${aside}
      </div>
    </header>
    <main>${content}</main>`;
}
