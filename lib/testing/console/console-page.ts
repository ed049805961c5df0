import type { Answer } from '../answer.js';
import type { SandboxPlatform } from '../generations.js';
import { CONSOLE_SCRIPT } from './console-script.js';
import type { ConsoleState } from './console-view.js';
import { actionButton } from './elements.js';
import { type Html, html } from './html.js';
import { htmlPage } from './page.js';
import { CONSOLE_STYLE } from './styles.js';

/** Facts that do not change while the sandbox runs. */
export interface ConsoleFacts {
  readonly baseUrl: string;
  readonly platform: SandboxPlatform;
  /** Proves that a form comes from the console page. */
  readonly token: string;
}

/** The console page: the present state, in elements that its script updates. */
export function consolePage(state: ConsoleState, facts: ConsoleFacts): Answer {
  const { token } = facts;
  const part = (id: string): Html => state.parts.get(id) ?? html``;
  const rows = (id: string): Html => html`${Array.from(state.lists.get(id)?.values() ?? [])}`;
  const content = html`<dl id="figures" class="figures" aria-label="Overview">
      ${part('figures')}
    </dl>
    <p id="failure" class="failure" role="alert" hidden></p>
    <p id="announcements" class="unseen" role="status"></p>
    <div class="columns">
      <div>
        <section class="panel" aria-labelledby="requests-heading">
          <div class="heading">
            <h2 id="requests-heading" tabindex="-1">Login requests</h2>
            ${actionButton('create-request', '/console/requests', 'New request', 'requests-heading')}
          </div>
          ${table('requests', ['Login request', 'State', 'Agent'], rows('requests'))}
          <p id="requests-note" class="note">${part('requests-note')}</p>
        </section>
        <section class="panel" aria-labelledby="bindings-heading">
          <h2 id="bindings-heading" tabindex="-1">Bindings</h2>
          ${table('bindings', ['Binding', 'State', 'Agent'], rows('bindings'))}
          <p id="bindings-note" class="note">${part('bindings-note')}</p>
        </section>
      </div>
      <div>
        ${controlsPanel(facts, part('site-control'))}
        <section class="panel" aria-labelledby="activity-heading">
          <h2 id="activity-heading">Activity</h2>
          <ol id="activity" class="activity">
            ${rows('activity')}
          </ol>
        </section>
      </div>
    </div>
    <form id="actions" method="post"><input type="hidden" name="token" value="${token}" /></form>
    ${approveDialog(part('approve-agent'), token)}`;
  return htmlPage({
    title: part('page-title'),
    content,
    aside: html`<p id="connection" class="connection">Reload to see changes</p>`,
    style: CONSOLE_STYLE,
    script: CONSOLE_SCRIPT,
    formAction: "'self'",
  });
}

function table(id: string, columns: readonly string[], rows: Html): Html {
  const heads = [...columns, 'Actions'].map(
    (name) => html`<th role="columnheader" scope="col">${name}</th>`,
  );
  return html`<table role="table" aria-labelledby="${id}-heading">
    <thead role="rowgroup">
      <tr role="row">
        ${heads}
      </tr>
    </thead>
    <tbody role="rowgroup" id="${id}">
      ${rows}
    </tbody>
  </table>`;
}

/** The dialog that asks which agent approves. The script of the page fills it in and opens it. */
function approveDialog(agents: Html, token: string): Html {
  return html`<dialog id="approve" aria-labelledby="approve-heading">
    <form id="approve-form" method="post">
      <input type="hidden" name="token" value="${token}" />
      <h2 id="approve-heading">Approve login request</h2>
      <p class="soft"><code id="approve-subject"></code></p>
      <p id="approve-failure" class="failure" role="alert" hidden></p>
      <p class="field">
        <label for="approve-agent">Agent</label>
        <select id="approve-agent" name="agent">
          ${agents}
        </select>
      </p>
      <div class="buttons end">
        <button type="button" id="approve-cancel">Cancel</button>
        <button class="primary" id="approve-send">Approve</button>
      </div>
    </form>
  </dialog>`;
}

/** Facts and buttons for the whole sandbox. `siteControl` changes with the state of the site. */
function controlsPanel({ baseUrl, platform }: ConsoleFacts, siteControl: Html): Html {
  return html`<section class="panel" aria-labelledby="controls-heading">
    <h2 id="controls-heading">Controls</h2>
    <dl class="facts">
      <dt>Base URL for sites and agents</dt>
      <dd><code>${baseUrl}</code></dd>
      <dt>Generation of LIME</dt>
      <dd><code>${platform}</code></dd>
    </dl>
    ${control(
      'streams-help',
      'Ends every open event stream, as a restart of LIME would. Sites reconnect automatically.',
      [actionButton('drop-streams', '/console/streams/drop', 'Drop all streams', 'streams-help')],
    )}
    ${control(
      'keys-help',
      'Makes a new signing key. Old keys stay published unless withdrawn; passports of a withdrawn key do not verify any more.',
      [
        actionButton('rotate-keys', '/console/keys/rotate', 'Rotate keys', 'keys-help'),
        actionButton('replace-keys', '/console/keys/replace', 'Rotate, withdraw old', 'keys-help'),
      ],
    )}
    ${control(
      'site-help',
      'The sandbox refuses the calls of a suspended site with 403; its open streams stay open.',
      [html`<span id="site-control">${siteControl}</span>`],
    )}
  </section>`;
}

function control(id: string, help: string, buttons: readonly Html[]): Html {
  return html`<div class="control">
    <div class="buttons">${buttons}</div>
    <p class="soft" id="${id}">${help}</p>
  </div>`;
}
