import type { ConnectedAgent } from '../binding/connected-agents.js';
import type { SignedInAgent } from '../session/session.js';
import { type Content, html } from '../web/html.js';
import { apiPanel } from './api.panel.js';

export function accountPage(agent: SignedInAgent, connected: readonly ConnectedAgent[]): Content {
  return html`<h1>You are signed in</h1>
    <div class="columns">${passportCard(agent)} ${agentsCard(connected)} ${apiPanel()}</div>`;
}

function passportCard({ claims, since }: SignedInAgent): Content {
  const { agent_id: agentId, user_id: userId, iss } = claims;
  return html`<section class="card passport" aria-labelledby="passport-title">
    <p class="state" data-state="approved"><span class="dot"></span>Verified</p>
    <h2 id="passport-title">Passport</h2>
    <dl class="facts">
      <div class="wide">
        <dt>Agent</dt>
        <dd><code id="agent-id">${agentId}</code></dd>
      </div>
      <div class="wide">
        <dt>User</dt>
        <dd><code id="user-id">${userId}</code></dd>
      </div>
      <div class="wide">
        <dt>Issued by</dt>
        <dd><code id="issuer">${iss}</code></dd>
      </div>
      <div>
        <dt>Signed in</dt>
        <dd>${time(new Date(since))}</dd>
      </div>
      <div>
        <dt>Passport valid until</dt>
        <dd>${time(new Date(claims.exp * 1000))}</dd>
      </div>
    </dl>
    <details>
      <summary>All claims</summary>
      <pre>${JSON.stringify(claims, null, 2)}</pre>
    </details>
  </section>`;
}

function agentsCard(connected: readonly ConnectedAgent[]): Content {
  return html`<section class="card" id="agents" aria-labelledby="agents-title">
    <h2 id="agents-title">Connected agents</h2>
    ${
      connected.length === 0
        ? html`<p>
            None yet. Connect an agent, and it may act for this account while you are away.
          </p>`
        : html`<ul class="agents">
            ${connected.map(
              ({ agentId, since }) =>
                html`<li>
                  <code>${agentId}</code> <small>connected ${time(new Date(since))}</small>
                </li>`,
            )}
          </ul>`
    }
    <form class="actions" method="post" action="/account/agents">
      <button class="secondary">Connect an agent to my account</button>
    </form>
  </section>`;
}

/** In UTC; `site.js` shows it in the reader's own time zone. */
function time(date: Date): Content {
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(11, 19)} UTC</time>`;
}
