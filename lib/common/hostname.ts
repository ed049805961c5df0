/** A DNS name or an address, as a URL has it. */
const HOSTNAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Finds the host name in a URL, or in a host with or without a port.
 * @returns in the spelling of URLs, which is lower case; `undefined` without one. A text that is exactly a host name comes back unchanged.
 */
export function hostnameIn(text: string): string | undefined {
  const url = SCHEME.test(text) ? text : `https://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return HOSTNAME.test(hostname) ? hostname : undefined;
}
