import { type Content, html } from '../web/html.js';

interface Call {
  readonly path: string;
  readonly asks: string;
  /** Without the cookie, and so without a passport. */
  readonly anonymous?: boolean;
}

const CALLS: readonly Call[] = [
  { path: '/api/me', asks: 'any agent' },
  { path: '/api/orders', asks: 'any agent, for its user' },
  { path: '/api/vault', asks: 'agents of users on a list' },
  { path: '/api/me', asks: 'sent without a passport', anonymous: true },
];

/** Buttons that call the guarded API. `account.js` makes the calls. */
export function apiPanel(): Content {
  return html`<section class="card wide" aria-labelledby="api-title">
    <h2 id="api-title">What your agent may do</h2>
    <p>
      <code>PassportGuard</code> protects the site’s API, and a route may have its own rule. A
      passport is valid for two minutes, your session for longer.
    </p>
    <ul class="calls">
      ${CALLS.map(
        ({ path, asks, anonymous }) =>
          html`<li>
            <button
              type="button"
              class="secondary"
              data-call="${path}"
              ${anonymous ? html`data-anonymous` : ''}
            >
              <code>GET ${path}</code> <small>${asks}</small>
            </button>
          </li>`,
      )}
    </ul>
    <div class="answer" role="status" id="answer"><p>Press a button to see the answer.</p></div>
    <noscript><p>These buttons need JavaScript.</p></noscript>
    <form class="actions" id="again" method="post" action="/login" hidden>
      <button>Log in again for a new passport</button>
    </form>
  </section>`;
}
