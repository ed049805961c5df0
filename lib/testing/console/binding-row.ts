import type { BindingRecord, BindingStatus } from '../bindings.js';
import { type Html, html } from './html.js';
import { type ChipTone, chip, clock, countdown, soft } from './pieces.js';

const CHIPS: Readonly<Record<BindingStatus, readonly [ChipTone, string]>> = {
  PENDING: ['waiting', 'Pending'],
  COMPLETED: ['good', 'Completed'],
  DECLINED: ['over', 'Declined'],
  EXPIRED: ['over', 'Expired'],
};

/** One binding request in the table. */
export function bindingRow(binding: BindingRecord, agentName: string | undefined): Html {
  const { id, status, createdAt, redirectUri } = binding;
  return html`<tr id="${id}" role="row" tabindex="-1">
    <td role="cell" class="subject">
      <code id="${id}-name">${id}</code>
      <span class="soft">for ${withoutQuery(redirectUri)}</span>
      <span class="soft">created ${clock(new Date(createdAt))}</span>
    </td>
    <td role="cell">${chip(...CHIPS[status])}${remark(binding)}</td>
    <td role="cell">${agentOf(binding, agentName)}</td>
    <td role="cell" class="actions">${status === 'PENDING' && connectLink(id)}</td>
  </tr>`;
}

function remark({ status, expiresAt, code }: BindingRecord): Html | undefined {
  if (status === 'PENDING') return soft(countdown(new Date(expiresAt)));
  if (code === undefined) return undefined;
  return soft(code.used ? html`code exchanged` : html`code not exchanged`);
}

function agentOf({ agentId }: BindingRecord, name: string | undefined): Html | undefined {
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
