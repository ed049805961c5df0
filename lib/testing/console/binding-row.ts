import type { BindingRecord, BindingStatus } from '../bindings.js';
import { type Html, html } from './html.js';
import { passportLevels } from './passport-levels.js';
import { type ChipTone, chip, clock, countdown, soft } from './pieces.js';

const CHIPS: Readonly<Record<BindingStatus, readonly [ChipTone, string]>> = {
  PENDING: ['waiting', 'Pending'],
  COMPLETED: ['good', 'Completed'],
  EXPIRED: ['over', 'Expired'],
};

/** One binding request in the table. */
export function bindingRow(binding: BindingRecord, agentName: string | undefined): Html {
  const { bindingId, status, createdAt, redirectUri } = binding;
  return html`<tr id="${bindingId}" role="row" tabindex="-1">
    <td role="cell" class="subject">
      <code id="${bindingId}-name">${bindingId}</code>
      <span class="soft">for ${withoutQuery(redirectUri)}</span>
      <span class="soft">created ${clock(new Date(createdAt))}</span>
    </td>
    <td role="cell">${chip(...CHIPS[status])}${remark(binding)}</td>
    <td role="cell">${agentOf(binding, agentName)}</td>
    <td role="cell" class="actions">${status === 'PENDING' && connectLink(bindingId)}</td>
  </tr>`;
}

function remark({ status, expiresAt }: BindingRecord): Html | undefined {
  return status === 'PENDING' ? soft(countdown(new Date(expiresAt))) : undefined;
}

function agentOf({ completion }: BindingRecord, name: string | undefined): Html | undefined {
  if (completion === undefined) return undefined;
  const { kycLevel } = passportLevels(completion.passport);
  return html`<span>${name ?? completion.agentId}</span> ${soft(html`KYC ${kycLevel}`)}`;
}

function connectLink(bindingId: string): Html {
  return html`<a
    class="button"
    id="${bindingId}-connect"
    href="/connect/${bindingId}"
    aria-describedby="${bindingId}-name"
  >
    Connect…
  </a>`;
}

function withoutQuery(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return origin + pathname;
}
