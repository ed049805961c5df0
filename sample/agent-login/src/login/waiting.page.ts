import { type Content, html } from '../web/html.js';
import type { Login } from './agent-logins.service.js';

/** `waiting.js` updates it; without JavaScript the browser reloads it every few seconds. */
export function waitingPage({ requestId, expiresAt }: Login, beside: Content): Content {
  const id = encodeURIComponent(requestId);
  const remainingMs = Math.max(0, expiresAt.getTime() - Date.now());
  return html`<section
      class="card narrow"
      id="login"
      data-events="/login/${id}/events"
      data-state-url="/api/logins/${id}"
      data-remaining-ms="${remainingMs}"
    >
      <p class="state" id="state" role="status" data-state="connecting">
        <span class="dot"></span><span id="state-text">Waiting for your agent</span>
      </p>
      <h1>Hand this to your agent</h1>
      <p id="hint">
        Your agent approves this request at LIME. Keep the page open: you are signed in as soon as
        it does.
      </p>
      <div class="copy">
        <code id="request-id" aria-label="Request id">${requestId}</code>
        <button type="button" class="secondary" id="copy" data-copies="request-id" hidden>
          <span aria-live="polite">Copy</span>
        </button>
      </div>
      <div class="countdown">
        <progress
          id="progress"
          max="${remainingMs}"
          value="${remainingMs}"
          aria-hidden="true"
        ></progress>
        <p>
          Expires in
          <span id="remaining" role="timer" aria-live="off">${clock(remainingMs)}</span>
        </p>
      </div>
      <form class="actions" method="post" action="/login/${id}/cancel">
        <button class="quiet">Not now</button>
      </form>
    </section>
    ${beside}`;
}

function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
