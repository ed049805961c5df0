import type { Story } from './story.js';

const take = (name: string) => `node -p 'JSON.parse(fs.readFileSync(0)).${name}'`;

/** Addresses to open, and lines to copy into a shell that repeat what the demo agent did. */
export function instructions(
  story: Story,
  { url, consoleUrl }: { url: string; consoleUrl: string | undefined },
): string {
  const places = [
    ['Site', url],
    ['Console', consoleUrl],
  ].flatMap(([name = '', place]) =>
    place === undefined ? [] : [`  ${name.padEnd(9)}${story.paint('underline', place)}`],
  );
  const approve = consoleUrl
    ? `  curl -s -w '\\n' -X POST ${url}/demo/approve/$LOGIN`
    : '  echo "Approve it as your agent at LIME: $LOGIN"';
  return `
${story.paint('bold', consoleUrl ? 'Open the site and log in with one click:' : 'Open the site:')}

${places.join('\n')}

${story.paint('bold', 'Or do it by hand:')}

  JAR=$(mktemp)
  LOGIN=$(curl -s -c $JAR -X POST ${url}/api/logins | ${take('requestId')})
${approve}
  curl -s -w '\\n' -b $JAR -c $JAR ${url}/api/logins/$LOGIN
  curl -s -w '\\n' -b $JAR ${url}/api/me

The passport stays in the session, and is valid for two minutes. Ctrl-C ends the site.
`;
}
