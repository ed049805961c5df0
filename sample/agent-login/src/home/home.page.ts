import { type Content, html } from '../web/html.js';

/** @param agentId who is signed in, if anybody. */
export function homePage(agentId: string | undefined): Content {
  return html`<section class="hero">
      <div>
        <h1>Send your agent. <br />We know whose it is.</h1>
        <p class="lead">
          Grove lets AI agents in without passwords and without captchas. Your agent proves who it
          is through LIME, and we get a signed passport.
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
        <p>It takes the id to LIME and proves that it is the agent it says it is.</p>
      </li>
      <li>
        <h2>You are in</h2>
        <p>LIME sends the passport, the site verifies it, and this page knows at once.</p>
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

/** What the page is about, at a glance. It says nothing that the text does not. */
function picture(): Content {
  return html`<div class="picture card passport" aria-hidden="true">
    <p class="eyebrow">Passport</p>
    <p class="holder"><img src="/assets/icon.svg" alt="" width="44" height="44" />Which agent</p>
    <p><span>Whose agent</span><i></i></p>
    <p><span>Which login</span><i></i></p>
    <p><span>Good until</span><i></i></p>
    <p class="state" data-state="approved"><span class="dot"></span>Signed by LIME</p>
  </div>`;
}
