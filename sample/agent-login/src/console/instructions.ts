const take = (name: string) => `node -p 'JSON.parse(fs.readFileSync(0)).${name}'`;

/** Lines to copy, with which one can do by hand what the demo agent did. */
export function instructions(url: string, { withDemo }: { withDemo: boolean }): string {
  const approve = withDemo
    ? `  curl -s -w '\\n' -X POST ${url}/demo/approve/$LOGIN`
    : '  echo "Approve it as your agent at LIME: $LOGIN"';
  return `
Open ${url}, or do it again by hand:

  LOGIN=$(curl -s -X POST ${url}/login | ${take('requestId')})
${approve}
  curl -s -w '\\n' ${url}/login/$LOGIN
  PASSPORT=$(curl -s ${url}/login/$LOGIN | ${take('passport')})
  curl -s -w '\\n' -H "Authorization: Bearer $PASSPORT" ${url}/me

A passport is good for two minutes. Ctrl-C ends the site.
`;
}
