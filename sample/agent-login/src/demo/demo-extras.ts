import { Injectable } from '@nestjs/common';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { type Html, html } from '../web/html.js';
import type { SiteExtras } from '../web/site-extras.js';

/** DEMO ONLY: the sandbox's additions to the pages. */
@Injectable()
export class DemoExtras implements SiteExtras {
  constructor(private readonly lime: LimeSandbox) {}

  banner(): Html {
    return html`<aside class="sandbox-bar" aria-label="Sandbox">
      <strong>Sandbox</strong> No real LIME, no real agents.
      <a href="${this.lime.consoleUrl}">Open the console</a>
    </aside>`;
  }

  besideWaiting(requestId: string): Html {
    const id = encodeURIComponent(requestId);
    return html`<section class="card narrow sandbox-box" aria-labelledby="sandbox-title">
      <p class="eyebrow">Sandbox only</p>
      <h2 id="sandbox-title">No agent yet?</h2>
      <p>
        Approve it yourself, or choose an agent in the
        <a href="${this.lime.consoleUrl}">sandbox console</a>.
      </p>
      <div class="actions">
        <form method="post" action="/demo/approve/${id}" data-stays>
          <button>Approve as the demo agent</button>
        </form>
        <form method="post" action="/demo/expire/${id}" data-stays>
          <button class="secondary">Let it expire</button>
        </form>
      </div>
      <p role="alert" data-failure hidden>The sandbox refused this. Is the login still pending?</p>
    </section>`;
  }
}
