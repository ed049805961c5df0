import { type Html, html } from './html.js';

/** Asks which agent approves. The script of the page fills it in and opens it. */
export function approveDialog(agents: Html, token: string): Html {
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
