/**
 * The script of the console page, as browsers run it. A string, because compilers and coverage tools change functions;
 * `console-script.spec.ts` runs the type checker on it.
 *
 * The server renders all elements. The script replaces elements and keeps the focus, updates clocks, and posts forms
 * without leaving the page.
 */
export const CONSOLE_SCRIPT = `'use strict';
(() => {
  /**
   * @typedef {{ ids: string[], rows: Record<string, string> }} List
   * @typedef {{ sandbox?: string, parts: Record<string, string>, lists: Record<string, List>, announcements: string[] }} Change
   */

  /** @param {string} id @returns {any} */
  const byId = (id) => document.getElementById(id);

  /** @param {string} markup */
  const elementOf = (markup) => {
    const template = document.createElement('template');
    template.innerHTML = markup;
    return /** @type {Element} */ (template.content.firstElementChild);
  };

  /** @param {string} id @param {string} markup */
  const patchPart = (id, markup) => {
    const part = byId(id);
    const chosen = part instanceof HTMLSelectElement ? part.value : undefined;
    part.innerHTML = markup;
    if (chosen !== undefined) part.value = chosen;
  };

  /** @param {string} id @param {List} list */
  const patchList = (id, { ids, rows }) => {
    const list = byId(id);
    let place = list.firstElementChild;
    for (const rowId of ids) {
      const old = byId(rowId);
      const row = rowId in rows ? elementOf(rows[rowId]) : old;
      if (old && old !== row) {
        if (old === place) place = row;
        old.replaceWith(row);
      }
      if (row === place) place = place.nextElementSibling;
      else list.insertBefore(row, place);
    }
    while (place) {
      const gone = place;
      place = place.nextElementSibling;
      gone.remove();
    }
  };

  /**
   * Moves the focus when its element is gone: to the same control, else its row, else the list's heading.
   * @param {string} id @param {string | undefined} rowId
   */
  const focusOn = (id, rowId) => {
    const target = byId(id) || (rowId && byId(rowId)) || byId('requests-heading');
    target.focus({ preventScroll: true });
  };

  /** @param {Change} change */
  const apply = (change) => {
    const focused = document.activeElement;
    const rowId = focused?.closest('[role=row]')?.id;
    for (const [id, markup] of Object.entries(change.parts)) patchPart(id, markup);
    for (const [id, list] of Object.entries(change.lists)) patchList(id, list);
    if (focused && !focused.isConnected) focusOn(focused.id, rowId);
    showTimes();
    announce(change.announcements);
  };

  /** @type {string[]} */
  let waiting = [];
  let timer = 0;
  /**
   * Joins many changes into one message: a screen reader would read each of them.
   * @param {string[]} lines
   */
  const announce = (lines) => {
    if (lines.length === 0) return;
    waiting = [...waiting, ...lines].slice(-3);
    timer ||= window.setTimeout(() => {
      byId('announcements').textContent = waiting.join('; ');
      waiting = [];
      timer = 0;
    }, 300);
  };

  /** @param {number} end */
  const timeLeft = (end) => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    return Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0') + ' left';
  };
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
  const showTimes = () => {
    /** @type {NodeListOf<HTMLTimeElement>} */
    const times = document.querySelectorAll('time[data-clock], time[data-until]');
    for (const time of times) {
      const date = new Date(time.dateTime);
      const text = 'until' in time.dataset ? timeLeft(date.getTime()) : clock.format(date);
      if (time.textContent !== text) time.textContent = text;
      delete time.dataset.clock;
    }
  };

  /** @param {string} id @param {string} message */
  const showFailure = (id, message) => {
    byId(id).textContent = message;
    byId(id).hidden = message === '';
  };

  /**
   * Returns whether it succeeded, and shows the reason if not.
   * @param {string} url @param {FormData} fields @param {string} failureId
   */
  const post = async (url, fields, failureId) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams(/** @type {any} */ (fields)),
      });
      const { ok, error } = await response.json();
      showFailure(failureId, ok ? '' : error.message);
      return ok;
    } catch {
      showFailure(failureId, 'The sandbox does not answer.');
      return false;
    }
  };

  /** @param {HTMLElement} button @param {() => Promise<void>} work */
  const whileBusy = async (button, work) => {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    await work();
    button.removeAttribute('aria-busy');
  };

  const dialog = byId('approve');
  const approveForm = byId('approve-form');

  let subject = '';
  /** @param {string} requestId @param {string} url */
  const openDialog = (requestId, url) => {
    subject = requestId;
    approveForm.action = url;
    byId('approve-subject').textContent = requestId;
    showFailure('approve-failure', '');
    dialog.showModal();
    byId('approve-send').focus();
  };
  byId('approve-cancel').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => focusOn(subject + '-approve', subject));

  approveForm.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void whileBusy(byId('approve-send'), async () => {
      const fields = new FormData(approveForm);
      if (await post(approveForm.action, fields, 'approve-failure')) dialog.close();
    });
  });

  byId('actions').addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (event.submitter);
    const { approve } = button.dataset;
    if (approve !== undefined) return openDialog(approve, button.formAction);
    void whileBusy(button, async () => {
      await post(button.formAction, new FormData(byId('actions')), 'failure');
    });
  });

  /** @param {string} state @param {string} text */
  const showConnection = (state, text) => {
    byId('connection').className = 'connection ' + state;
    byId('connection').textContent = text;
  };

  /** @type {string | undefined} */
  let sandbox;
  const events = new EventSource('/console/events');
  events.addEventListener('snapshot', (event) => {
    const change = JSON.parse(event.data);
    // Another sandbox has taken over the port: its page has another token.
    if (sandbox !== undefined && sandbox !== change.sandbox) return location.reload();
    sandbox = change.sandbox;
    apply(change);
    showConnection('live', 'Live');
  });
  events.addEventListener('change', (event) => apply(JSON.parse(event.data)));
  events.addEventListener('error', () => {
    const lost = events.readyState === EventSource.CLOSED;
    showConnection('lost', lost ? 'Disconnected' : 'Reconnecting…');
  });
  showConnection('', 'Connecting…');

  showTimes();
  setInterval(showTimes, 1000);
})();
`;
