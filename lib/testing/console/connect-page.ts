import type { AgentProfile } from '../agent-registry.js';
import type { Answer } from '../answer.js';
import type { BindingRecord } from '../bindings.js';
import { type Html, html } from './html.js';
import { htmlPage } from './html-page.js';
import { layout } from './layout.js';

/**
 * The page on which a person connects an agent: one button for each. It does without `form-action`, which browsers
 * also hold against redirects: where a site sends its visitors on is not for the sandbox to say.
 */
export function connectPage(
  { redirectUri }: BindingRecord,
  agents: readonly AgentProfile[],
): Answer {
  const body = html`<section class="panel narrow">
    <h2>Connect an agent</h2>
    <p>
      <strong class="long">${new URL(redirectUri).host}</strong> asks to be connected with an agent
      of yours. Choose one; you will be sent on to:
    </p>
    <p class="address">${redirectUri}</p>
    <form method="post">
      <ul class="agents">
        ${agents.map(agentChoice)}
      </ul>
      <button class="quiet" name="decline" value="yes">Not now</button>
    </form>
  </section>`;
  return htmlPage({ title: 'Connect an agent · LIME sandbox', body: layout('LIME sandbox', body) });
}

function agentChoice({ agentId, displayName }: AgentProfile): Html {
  return html`<li>
    <button class="primary" name="agent" value="${agentId}">Connect as ${displayName}</button>
  </li>`;
}
