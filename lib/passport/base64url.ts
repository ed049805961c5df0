/**
 * Decodes base64url (RFC 4648 section 5) that is written in the one canonical way (section 3.5): no padding, no white
 * space, and zeros where the last character has bits to spare. One passport could otherwise be written in several ways,
 * and be taken for several. Encoding what was decoded tells, and takes half the time of a regular expression.
 * @returns `undefined` for what is written otherwise, and for nothing at all.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}
