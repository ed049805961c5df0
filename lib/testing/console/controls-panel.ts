import { type Html, html } from './html.js';
import { actionButton } from './pieces.js';

/** What concerns the whole sandbox. `siteControl` changes with the state of the site. */
export function controlsPanel(baseUrl: string, siteControl: Html): Html {
  return html`<section class="panel" aria-labelledby="controls-heading">
    <h2 id="controls-heading">Controls</h2>
    <dl class="facts">
      <dt>Base URL for sites and agents</dt>
      <dd><code>${baseUrl}</code></dd>
    </dl>
    ${control(
      'streams-help',
      'Ends every open event stream, as a restart of LIME would. Sites connect again by themselves.',
      [actionButton('drop-streams', '/console/streams/drop', 'Drop all streams', 'streams-help')],
    )}
    ${control(
      'keys-help',
      'Signs with a new key from now on. Old keys stay published unless withdrawn; what a withdrawn key signed no longer verifies.',
      [
        actionButton('rotate-keys', '/console/keys/rotate', 'Rotate keys', 'keys-help'),
        actionButton('replace-keys', '/console/keys/replace', 'Rotate, withdraw old', 'keys-help'),
      ],
    )}
    ${control(
      'site-help',
      'The calls of a suspended site are refused with 403; its open streams stay open.',
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
