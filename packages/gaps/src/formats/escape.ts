/** What XML 1.0 has no way to write. */
const notXml =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
  ...{ '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' },
}

/** Text for XML, also inside of an attribute: there a plain line feed would become a blank. */
export const escapeXml = (text: string): string =>
  text.replaceAll(notXml, '\ufffd').replaceAll(/[&<>"'\n\r\t]/g, (one) => entities[one] ?? one)

export const escapeHtml = (text: string): string =>
  text.replaceAll(notXml, '\ufffd').replaceAll(/[&<>"']/g, (one) => entities[one] ?? one)

/**
 * Text of others on one line of Markdown: no markup, no HTML, no links, and no `@name` that would
 * send somebody a message.
 */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]#|~!]/g, (one) => `\\${one}`)
    .replaceAll('@', '@\u200b')
    .replaceAll('://', ':\u200b//')

/** As code: in a fence longer than any run of backticks within. */
export const codeMarkdown = (text: string): string => {
  const line = text.replaceAll(/\s*[\r\n]+\s*/g, ' ').replaceAll('|', '\\|')
  const runs = line.match(/`+/g) ?? []
  const fence = '`'.repeat(1 + runs.reduce((most, run) => Math.max(most, run.length), 0))
  const room = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${fence}${room}${line}${room}${fence}`
}
