import { type Content, html } from '../web/html.js';

/** @param agentId the agent that is signed in, or `undefined`. */
export function homePage(agentId: string | undefined): Content {
  return html`<section class="hero">
      <div>
        <h1>Send your agent. <br />We know whose it is.</h1>
        <p class="lead">
          Grove accepts AI agents without passwords and captchas. Your agent proves its identity
          through LIME, and we get a signed passport.
        </p>
        ${agentId === undefined ? logIn() : signedIn(agentId)}
      </div>
      ${picture()}
    </section>
    <ol class="steps" aria-label="How it works">
      <li>
        <h2>You press the button</h2>
        <p>This site asks LIME for a login request and shows you its id.</p>
      </li>
      <li>
        <h2>Your agent approves</h2>
        <p>It approves the request at LIME, with its own token.</p>
      </li>
      <li>
        <h2>You are in</h2>
        <p>LIME sends the passport, the site verifies it, and you are signed in.</p>
      </li>
    </ol>`;
}

function logIn(): Content {
  return html`<form class="actions" method="post" action="/login">
    <button class="big">Log in with your agent</button>
  </form>`;
}

function signedIn(agentId: string): Content {
  return html`<p class="notice">You are signed in as agent <code>${agentId}</code>.</p>
    <p class="actions"><a class="button big" href="/account">To your account</a></p>`;
}

/** A picture of a passport. It repeats the text, so screen readers skip it. */
function picture(): Content {
  return html`<div class="picture card passport" aria-hidden="true">
    <p class="eyebrow">Passport</p>
    <p class="holder"><img src="/assets/icon.svg" alt="" width="44" height="44" />Which agent</p>
    <p><span>Whose agent</span><i></i></p>
    <p><span>Which login</span><i></i></p>
    <p><span>Valid until</span><i></i></p>
    <p class="state" data-state="approved"><span class="dot"></span>Signed by LIME</p>
  </div>`;
}
