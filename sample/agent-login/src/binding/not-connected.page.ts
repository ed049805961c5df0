import type { PassportExceptionCode } from 'nestjs-lime-sites';
import { type Content, html } from '../web/html.js';

interface NotConnected {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const OUT_OF_REACH: NotConnected = {
  status: 503,
  title: 'LIME is out of reach',
  text: 'Nothing was connected. Please try again soon.',
};

/** The page for each refusal code of `BindingPassportGuard`. */
export const NOT_CONNECTED: Partial<Record<PassportExceptionCode, NotConnected>> = {
  missing_token: {
    status: 200,
    title: 'No agent was connected',
    text: 'You did not choose an agent at LIME. Nothing changed.',
  },
  invalid_request: {
    status: 400,
    title: 'This connection was not started here',
    text: 'Another browser or another account started it, or it has already ended. Nothing was connected.',
  },
  invalid_token: {
    status: 401,
    title: 'LIME did not confirm this connection',
    text: 'Its code works once, for a short time, and for the account that started it. Nothing was connected.',
  },
  lime_unavailable: OUT_OF_REACH,
  keys_unavailable: OUT_OF_REACH,
};

export function notConnectedPage({ title, text }: NotConnected): { title: string; body: Content } {
  const body = html`<section class="card narrow" id="not-connected">
    <h1>${title}</h1>
    <p>${text}</p>
    <form class="actions" method="post" action="/account/agents">
      <button>Connect an agent</button>
      <a class="button secondary" href="/account">To your account</a>
    </form>
  </section>`;
  return { title, body };
}
