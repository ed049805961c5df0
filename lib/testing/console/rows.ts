import type { BindingRecord, BindingStatus } from '../bindings.js';
import type { LoginRequestRecord, LoginRequestStatus } from '../login-requests.js';
import { type ChipTone, actionButton, chip, clock, countdown, soft } from './elements.js';
import { type Html, html } from './html.js';

const REQUEST_CHIPS: Readonly<Record<LoginRequestStatus, readonly [ChipTone, string]>> = {
  PENDING: ['waiting', 'Pending'],
  APPROVED: ['bad', 'Approved'],
  DELIVERED: ['good', 'Delivered'],
  EXPIRED: ['over', 'Expired'],
};

/** One row of the login requests. The roles keep the table semantics where a narrow screen shows cards. */
export function requestRow(request: LoginRequestRecord, agentName: string | undefined): Html {
  const { id, status, createdAt } = request;
  return html`<tr id="${id}" role="row" tabindex="-1">
    <td role="cell" class="subject">
      <code id="${id}-name">${id}</code>
      <span class="soft">created ${clock(new Date(createdAt))}</span>
    </td>
    <td role="cell">${chip(...REQUEST_CHIPS[status])}${requestRemark(request)}</td>
    <td role="cell">${approvedAgent(request, agentName)}</td>
    <td role="cell" class="actions">${status === 'PENDING' && actions(id)}</td>
  </tr>`;
}

function requestRemark({ status, expiresAt }: LoginRequestRecord): Html | undefined {
  if (status === 'PENDING') return soft(countdown(new Date(expiresAt)));
  if (status === 'APPROVED') return soft(html`no stream open`);
  return undefined;
}

function approvedAgent(
  { approval }: LoginRequestRecord,
  name: string | undefined,
): Html | undefined {
  if (approval === undefined) return undefined;
  return html`<span>${name ?? approval.agentId}</span>`;
}

function actions(id: string): Html {
  const path = `/console/requests/${id}`;
  const about = `${id}-name`;
  return html`<button
      class="primary"
      id="${id}-approve"
      form="actions"
      formaction="${path}/approve"
      aria-describedby="${about}"
      data-approve="${id}"
    >
      Approve…
    </button>
    ${actionButton(`${id}-expire`, `${path}/expire`, 'Expire', about)}`;
}

const BINDING_CHIPS: Readonly<Record<BindingStatus, readonly [ChipTone, string]>> = {
  PENDING: ['waiting', 'Pending'],
  COMPLETED: ['good', 'Completed'],
  DECLINED: ['over', 'Declined'],
  EXPIRED: ['over', 'Expired'],
};

/** One row of the binding requests. */
export function bindingRow(binding: BindingRecord, agentName: string | undefined): Html {
  const { id, status, createdAt, redirectUri } = binding;
  return html`<tr id="${id}" role="row" tabindex="-1">
    <td role="cell" class="subject">
      <code id="${id}-name">${id}</code>
      <span class="soft">for ${withoutQuery(redirectUri)}</span>
      <span class="soft">created ${clock(new Date(createdAt))}</span>
    </td>
    <td role="cell">${chip(...BINDING_CHIPS[status])}${bindingRemark(binding)}</td>
    <td role="cell">${boundAgent(binding, agentName)}</td>
    <td role="cell" class="actions">${status === 'PENDING' && connectLink(id)}</td>
  </tr>`;
}

function bindingRemark({ status, expiresAt, code }: BindingRecord): Html | undefined {
  if (status === 'PENDING') return soft(countdown(new Date(expiresAt)));
  if (code === undefined) return undefined;
  if (code.used) return soft(html`code exchanged`);
  return soft(html`code ${code.code.slice(0, 6)}… ${countdown(new Date(code.expiresAt))}`);
}

function boundAgent({ agentId }: BindingRecord, name: string | undefined): Html | undefined {
  return agentId === undefined ? undefined : html`<span>${name ?? agentId}</span>`;
}

function connectLink(id: string): Html {
  return html`<a
    class="button"
    id="${id}-connect"
    href="/connect/${id}"
    aria-describedby="${id}-name"
  >
    Connect…
  </a>`;
}

function withoutQuery(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return origin + pathname;
}
