import type { LoginRequestRecord, LoginRequestStatus } from '../login-requests.js';
import { type Html, html } from './html.js';
import { type ChipTone, actionButton, chip, clock, countdown, soft } from './pieces.js';

const CHIPS: Readonly<Record<LoginRequestStatus, readonly [ChipTone, string]>> = {
  PENDING: ['waiting', 'Pending'],
  APPROVED: ['bad', 'Approved'],
  DELIVERED: ['good', 'Delivered'],
  EXPIRED: ['over', 'Expired'],
};

/** One login request in the table. The roles keep it a table where a narrow screen shows it as a card. */
export function requestRow(request: LoginRequestRecord, agentName: string | undefined): Html {
  const { id, status, createdAt } = request;
  return html`<tr id="${id}" role="row" tabindex="-1">
    <td role="cell" class="subject">
      <code id="${id}-name">${id}</code>
      <span class="soft">created ${clock(new Date(createdAt))}</span>
    </td>
    <td role="cell">${chip(...CHIPS[status])}${remark(request)}</td>
    <td role="cell">${agentOf(request, agentName)}</td>
    <td role="cell" class="actions">${status === 'PENDING' && actions(id)}</td>
  </tr>`;
}

function remark({ status, expiresAt }: LoginRequestRecord): Html | undefined {
  if (status === 'PENDING') return soft(countdown(new Date(expiresAt)));
  if (status === 'APPROVED') return soft(html`no stream open`);
  return undefined;
}

function agentOf({ approval }: LoginRequestRecord, name: string | undefined): Html | undefined {
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
