import type { Fact } from '../place.ts'
import type { Finding } from '../rules/rule.ts'
import type { Tree } from '../tree/tree.ts'
import { coverLine, hiddenLines } from './hidden-lines.ts'
import { maskSecrets } from './mask.ts'

export type Excerpt = readonly { line: number; text: string; isIt: boolean }[]

/** Of one report: beyond, places are told without their lines. */
const excerptCountMax = 5000

/**
 * The line of each fact with one line before and one after it, without secrets. Only these lines are
 * kept, not the files.
 */
export const readExcerpts = async (
  tree: Tree,
  findings: readonly Finding[],
): Promise<(fact: Fact) => Excerpt> => {
  const facts = findings.flatMap(({ evidence }) => evidence).slice(0, excerptCountMax)
  const excerpts = new Map<string, Excerpt>()
  const byFile = Map.groupBy(
    facts.filter(({ line }) => line > 0),
    ({ file }) => file,
  )
  for (const [file, list] of byFile) {
    const text = await tree.read(file)
    if (text === undefined) continue
    const lines = text.split('\n')
    const hidden = hiddenLines(lines)
    for (const fact of list) excerpts.set(keyOf(fact), excerptAt(lines, hidden, fact))
  }
  return (fact) => excerpts.get(keyOf(fact)) ?? []
}

const keyOf = ({ file, line, column }: Fact): string => `${file}\0${line}:${column}`

const excerptAt = (
  lines: readonly string[],
  hidden: ReadonlySet<number>,
  { line, column }: Fact,
): Excerpt =>
  [line - 1, line, line + 1].flatMap((at) => {
    const text = lines[at - 1]
    // Blank lines around it show nothing.
    if (text === undefined || (at !== line && text.trim() === '')) return []
    const shown = hidden.has(at)
      ? coverLine(text)
      : maskSecrets(text.replace(/\r$/, ''), at === line ? column : 1)
    return [{ line: at, text: shown, isIt: at === line }]
  })
