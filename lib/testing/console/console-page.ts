import type { Answer } from '../answer.js';
import { approveDialog } from './approve-dialog.js';
import { CONSOLE_SCRIPT } from './console-script.js';
import type { ConsoleState } from './console-state.js';
import { CONSOLE_STYLE } from './console-style.js';
import { controlsPanel } from './controls-panel.js';
import { type Html, html } from './html.js';
import { htmlPage } from './html-page.js';
import { layout } from './layout.js';
import { actionButton } from './pieces.js';

/** The console: what there is now, and the places in which changes are put. */
export function consolePage(state: ConsoleState, baseUrl: string, token: string): Answer {
  const part = (id: string): Html => state.parts.get(id) ?? html``;
  const rows = (id: string): Html => html`${Array.from(state.lists.get(id)?.values() ?? [])}`;
  const content = html`<dl id="figures" class="figures" aria-label="Overview">
      ${part('figures')}
    </dl>
    <p id="failure" class="failure" role="alert" hidden></p>
    <p id="spoken" class="unseen" role="status"></p>
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
        ${controlsPanel(baseUrl, part('site-control'))}
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
    body: layout(
      'LIME sandbox',
      content,
      html`<p id="connection" class="connection">Reload to see changes</p>`,
    ),
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
