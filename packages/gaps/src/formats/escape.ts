// What moves a cursor, rings a bell, or turns the direction of the text behind it (Trojan Source,
// CVE-2021-42574), and ends of lines that only some programs take for one. Not tab, LF and CR.
const controls =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Text of others with its controls as `\uXXXX`: seen, and without effect. */
export const showControls = (text: string): string =>
  text.replaceAll(
    controls,
    (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )

/** JSON that stands for the same, with nothing in it that acts on whoever prints it. */
export const stringifyJson = (value: unknown): string =>
  showControls(JSON.stringify(value, null, 2))

/** What XML 1.0 has no way to write, besides controls. */
const notXml =
  /[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
  ...{ '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' },
}

/** Text for XML, also inside of an attribute: there a plain line feed would become a blank. */
export const escapeXml = (text: string): string =>
  showControls(text)
    .replaceAll(notXml, '\ufffd')
    .replaceAll(/[&<>"'\n\r\t]/g, (one) => entities[one] ?? one)

export const escapeHtml = (text: string): string =>
  showControls(text)
    .replaceAll(notXml, '\ufffd')
    .replaceAll(/[&<>"']/g, (one) => entities[one] ?? one)

/**
 * Text of others on one line of Markdown: no markup, no HTML, no links, and no `@name` that would
 * send somebody a message.
 */
export const escapeMarkdown = (text: string): string =>
  showControls(text)
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]#|~!]/g, (one) => `\\${one}`)
    .replaceAll('@', '@\u200b')
    .replaceAll('://', ':\u200b//')

/** As code: in a fence longer than any run of backticks within. */
export const codeMarkdown = (text: string): string => {
  const line = showControls(text)
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('|', '\\|')
  const runs = line.match(/`+/g) ?? []
  const fence = '`'.repeat(1 + runs.reduce((most, run) => Math.max(most, run.length), 0))
  const room = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${fence}${room}${line}${room}${fence}`
}
