import { type Html, html } from './html.js';

export type ChipTone = 'waiting' | 'good' | 'bad' | 'over';

/** A state in one word, with its colour. */
export function chip(tone: ChipTone, text: string): Html {
  return html`<span class="chip ${tone}">${text}</span>`;
}

/** A remark in softer text. */
export function soft(remark: Html): Html {
  return html`<span class="soft">${remark}</span>`;
}

/** A time of day. The script of the page shows it in the reader's time zone. */
export function clock(time: Date): Html {
  const iso = time.toISOString();
  return html`<time datetime="${iso}" data-clock>${iso.slice(11, 19)} UTC</time>`;
}

/** The time left until `end`. The script of the page counts down. */
export function countdown(end: Date): Html {
  const iso = end.toISOString();
  return html`<time datetime="${iso}" data-until>until ${iso.slice(11, 19)} UTC</time>`;
}

/**
 * A button that posts to `path`. All buttons share the form with the page's token, and work without a script.
 * @param about the id of the element that describes the button.
 */
export function actionButton(id: string, path: string, label: string, about: string): Html {
  return html`<button id="${id}" form="actions" formaction="${path}" aria-describedby="${about}">
    ${label}
  </button>`;
}
