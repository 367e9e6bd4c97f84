/**
 * A text from elsewhere as the value of a header: UTF-8 in the bytes of the wire, without control
 * characters. Heads are written as latin1, which keeps the low byte of a character: U+010A would
 * arrive as a line feed, and what follows it as a header of its own.
 */
export const fieldValue = (text: string): string => {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return encoded(text)
  }
  return text
}

const encoded = (text: string): string =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    // oxlint-disable-next-line no-control-regex -- control characters are what goes
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
