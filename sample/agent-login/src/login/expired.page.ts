import { type Content, html } from '../web/html.js';

export function expiredPage(): Content {
  return html`<section class="card narrow">
    <p class="state" data-state="expired"><span class="dot"></span>Expired</p>
    <h1>This login has expired</h1>
    <p>No agent approved it in time. Nothing happened, and its request id is of no use any more.</p>
    <form class="actions" method="post" action="/login"><button>Try again</button></form>
  </section>`;
}
