// The script of all pages. They work without it, too.

// A page from the back/forward cache may be out of date, or belong to a session that has ended.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});

for (const form of document.forms) {
  if ('stays' in form.dataset) form.addEventListener('submit', (event) => void sendInPlace(event));
  else form.addEventListener('submit', () => setTimeout(() => disable(form, true)));
}

for (const button of document.querySelectorAll('[data-copies]')) {
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', () => void copy(button));
}

for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleTimeString();
}

/** A double click must not start two logins. */
function disable(form, disabled) {
  for (const button of form.querySelectorAll('button')) button.disabled = disabled;
}

/** Posts a form and stays on the page, which receives the outcome over its event stream. */
async function sendInPlace(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const failure = form.closest('section').querySelector('[data-failure]');
  disable(form, true);
  failure.hidden = true;
  const ok = await fetch(form.action, {
    method: 'POST',
    headers: { accept: 'application/json' },
  }).then(
    (response) => response.ok,
    () => false,
  );
  if (ok) return;
  failure.hidden = false;
  disable(form, false);
}

async function copy(button) {
  const label = button.querySelector('span');
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    label.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(source);
    label.textContent = 'Selected';
  }
  setTimeout(() => (label.textContent = 'Copy'), 2000);
}
