// Calls the API for the buttons of the page, and shows its answers.
const answer = document.getElementById('answer');
const again = document.getElementById('again');

for (const button of document.querySelectorAll('[data-call]')) {
  button.addEventListener('click', () => void call(button));
}

async function call(button) {
  const { call: path, anonymous } = button.dataset;
  const credentials = anonymous === undefined ? 'same-origin' : 'omit';
  try {
    const response = await fetch(path, { credentials, headers: { accept: 'application/json' } });
    const body = await response.json();
    show(response.ok, `${response.status} ${textOf(response, body)}`, body);
    again.hidden = !(response.status === 401 && anonymous === undefined);
  } catch {
    show(false, 'No answer', { message: 'The site is out of reach.' });
  }
}

function textOf(response, body) {
  return response.ok ? 'OK' : `${body.error ?? response.statusText}: ${body.message}`;
}

function show(ok, title, body) {
  const heading = document.createElement('p');
  heading.className = 'state';
  heading.dataset.state = ok ? 'approved' : 'refused';
  const dot = document.createElement('span');
  dot.className = 'dot';
  heading.append(dot, title);
  const details = document.createElement('pre');
  details.textContent = JSON.stringify(body, null, 2);
  answer.replaceChildren(heading, details);
}
