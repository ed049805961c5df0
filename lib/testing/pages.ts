import type { SandboxLoginRequest } from './login-requests.js';

/** How many login requests the front page shows. */
const SHOWN = 50;

/** The front page: what this is, and the latest login requests. */
export function homePage(baseUrl: string, requests: readonly SandboxLoginRequest[]): string {
  const rows = requests
    .slice(-SHOWN)
    .toReversed()
    .map(
      ({ requestId, status, createdAt, expiresAt }) =>
        `<tr><td><code>${escapeHtml(requestId)}</code></td><td>${status}</td>` +
        `<td>${createdAt.toISOString()}</td><td>${expiresAt.toISOString()}</td></tr>`,
    );
  const table =
    rows.length === 0
      ? '<p>No login requests yet.</p>'
      : '<table><thead><tr><th>Login request</th><th>Status</th><th>Created</th><th>Expires</th></tr></thead>' +
        `<tbody>${rows.join('')}</tbody></table>`;
  return layout(
    'LIME sandbox',
    `<p>This is no real LIME: it accepts made-up tokens and signs with throw-away keys.</p>
<p>Base URL <code>${escapeHtml(baseUrl)}</code>. The command that started it tells what happens.</p>
${table}`,
  );
}

/** The page on which a person connects an agent. */
export function connectPage(redirectUri: string, agentName: string): string {
  return layout(
    'Connect an agent',
    `<p>A site asks to be connected with your agent. You will be sent on to
<code>${escapeHtml(redirectUri)}</code>.</p>
<form method="post"><button type="submit">Connect as ${escapeHtml(agentName)}</button></form>`,
  );
}

/** A page that only says something. */
export function noticePage(title: string, text: string): string {
  return layout(title, `<p>${escapeHtml(text)}</p>`);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function layout(title: string, content: string): string {
  const heading = title === 'LIME sandbox' ? title : `LIME sandbox: ${title}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(heading)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
td,th{padding:.2rem 1rem .2rem 0;text-align:left}</style>
</head>
<body>
<h1>${escapeHtml(heading)}</h1>
${content}
</body>
</html>
`;
}
