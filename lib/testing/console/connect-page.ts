import type { AgentProfile } from '../agent-registry.js';
import type { Answer } from '../answer.js';
import type { BindingRecord } from '../bindings.js';
import { type Html, html } from './html.js';
import { htmlPage } from './page.js';

/**
 * The page on which a person connects an agent, with a button for each agent, or declines. Its policy has no
 * `form-action`: browsers apply it to redirects too, and the redirect leads to the site.
 */
export function connectPage(
  { redirectUri }: BindingRecord,
  agents: readonly AgentProfile[],
): Answer {
  const content = html`<section class="panel narrow">
    <h2>Connect an agent</h2>
    <p>
      <strong class="long">${new URL(redirectUri).host}</strong> wants to connect one of your
      agents. Choose one, or decline. Both lead back to the site:
    </p>
    <p class="address">${redirectUri}</p>
    <form method="post">
      <ul class="agents">
        ${agents.map(agentChoice)}
      </ul>
      <button class="decline" name="decline" value="yes">Not now</button>
    </form>
  </section>`;
  return htmlPage({ title: 'Connect an agent · LIME sandbox', content });
}

function agentChoice({ agentId, displayName }: AgentProfile): Html {
  return html`<li>
    <button class="primary" name="agent" value="${agentId}">Connect as ${displayName}</button>
  </li>`;
}
