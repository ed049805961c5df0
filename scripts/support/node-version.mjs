/** What to run for a program under some version of Node: the one at hand if it fits, else one from npm. */
export function nodeCommand(version) {
  if (version === undefined || process.versions.node.startsWith(`${version}.`)) {
    return { cmd: process.execPath, args: [] };
  }
  return { cmd: 'npx', args: ['-y', '-p', `node@${version}`, 'node'] };
}
