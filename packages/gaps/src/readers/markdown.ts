import MarkdownIt, { type MarkdownIt as Parser } from 'markdown-it'
import { posix } from 'node:path'
import type { Claim } from '../systems/system.ts'
import type { Reader } from './reader.ts'
import { readBlockCommands, readInlineCommand } from './markdown-commands.ts'
import { readCounts } from './markdown-counts.ts'
import { readDrawing } from './markdown-drawing.ts'
import { createLocator, type Inline } from './markdown-inline.ts'
import { createListReader } from './markdown-lists.ts'
import { readMentions } from './markdown-mentions.ts'

export const documentLimits = {
  fileSizeLimitBytes: 1024 * 1024,
  countMax: 500,
  bytesMax: 8 * 1024 * 1024,
  claimCountMax: 5000,
}

const readme = /(?:^|\/)readme[\w.-]{0,20}$/i
const markdown = /\.(?:md|markdown|mdown)$/i
/** What was so once, what is said to contributors' machines, and what others wrote. */
const notOfNow =
  /(?:^|\/)(?:change-?log|changes|history|release[-_]?notes?|news|licen[cs]e\w*|code_of_conduct|authors|security|upgrad\w*|migrat\w*)[\w.-]*$|(?:^|\/)(?:archive|archived|adr|adrs|rfcs?|decisions|blog|changelogs?|old|legacy|\.github|\.changeset|third[_-]party|issue_template)\//i

export const isDocument = (file: string): boolean =>
  !notOfNow.test(file) &&
  ((readme.test(file) && (markdown.test(file) || !/readme\./i.test(file))) ||
    (markdown.test(file) && (!file.includes('/') || /(?:^|\/)docs?\//i.test(file))))

/** A reader for one audit: it counts what it has read. */
export const createMarkdownReader = (limits = documentLimits): Reader => {
  const parser = createParser()
  const seen = { count: 0, bytes: 0, isTold: false }
  return {
    name: 'markdown',
    wants: isDocument,
    read: (file, text) => {
      if (text.length > limits.fileSizeLimitBytes) {
        return {
          notes: [
            { file, why: `document of more than ${limits.fileSizeLimitBytes} bytes, not read` },
          ],
        }
      }
      seen.count += 1
      seen.bytes += text.length
      if (seen.count > limits.countMax || seen.bytes > limits.bytesMax) {
        if (seen.isTold) return undefined
        seen.isTold = true
        const why = `more than ${limits.countMax} documents or ${limits.bytesMax} bytes of them; this and later ones are not read`
        return { notes: [{ file, why }] }
      }
      const isReadme = readme.test(file)
      const claims = readClaims(parser, file, text).slice(0, limits.claimCountMax)
      return { document: { file, isReadme, claims } }
    },
  }
}

/** A paragraph with more links is a wall of badges; of one without an end no word is a claim. */
const bracketCountMax = 200
const paragraphLengthMax = 50_000

/** For each open bracket the parser looks through the rest of its paragraph: both are bounded. */
const createParser = (): Parser => {
  const parser = new MarkdownIt()
  parser.core.ruler.before('inline', 'bounds', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== 'inline') continue
      const text = token.content.slice(0, paragraphLengthMax)
      token.content = text.split('[', bracketCountMax).join('[')
    }
  })
  return parser
}

const readClaims = (parser: Parser, file: string, text: string): Claim[] => {
  const claims: Claim[] = []
  const locate = createLocator(file, text)
  const headings: string[] = []
  const lists = createListReader()
  const folder = file.includes('/') ? posix.dirname(file) : ''
  let headingDepth = 0
  let rowLine = 0
  let away: string | undefined
  for (const token of parser.parse(text, {})) {
    const section = headings.filter((heading) => heading !== '').join(' > ')
    if (token.map !== null) rowLine = token.map[0]
    if (token.type === 'heading_open') headingDepth = Number(token.tag.slice(1))
    if (token.type === 'fence' || token.type === 'code_block') {
      const line = rowLine + (token.type === 'fence' ? 2 : 1)
      const block = {
        file,
        folder,
        line,
        text: token.content,
        language: token.info.trim().split(/[\s{,:]/)[0] ?? '',
      }
      const part = headings.slice(0, 2).join(' > ')
      const commands = readBlockCommands(block, away === part)
      if (commands.isAway) away = part
      claims.push(
        ...[...commands.claims, ...readDrawing(block)].map((claim) => ({ ...claim, section })),
      )
      lists.see(token, undefined, section)
      continue
    }
    if (token.type !== 'inline') {
      claims.push(...lists.see(token, undefined, section).map((claim) => ({ ...claim, section })))
      if (token.type === 'heading_close') headingDepth = 0
      continue
    }
    const inline = locate(token, rowLine)
    if (headingDepth > 0) {
      headings.length = headingDepth - 1
      headings[headingDepth - 1] = inline.text
      for (let depth = 0; depth < headingDepth - 1; depth += 1) headings[depth] ??= ''
    }
    const found = [
      ...readInline(inline, folder, headingDepth > 0, headings),
      ...lists.see(token, inline, section),
    ]
    claims.push(...found.map((claim) => ({ ...claim, section })))
  }
  return claims
}

const readInline = (
  inline: Inline,
  folder: string,
  isHeading: boolean,
  headings: readonly string[],
): Claim[] => [
  ...readCounts(inline, isHeading, headings),
  ...readMentions(inline),
  ...inline.pieces
    .filter(({ kind }) => kind === 'code')
    .flatMap(({ text, place }) => readInlineCommand(text, place, folder)),
]
