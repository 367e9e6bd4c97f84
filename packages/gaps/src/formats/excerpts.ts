import type { Fact } from '../place.ts'
import type { Finding } from '../rules/rule.ts'
import type { Tree } from '../tree/tree.ts'
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
    for (const { line } of list) excerpts.set(`${file}\0${line}`, excerptAt(lines, line))
  }
  return ({ file, line }) => excerpts.get(`${file}\0${line}`) ?? []
}

const excerptAt = (lines: readonly string[], line: number): Excerpt =>
  [line - 1, line, line + 1].flatMap((at) => {
    const text = lines[at - 1]
    // Blank lines around it show nothing.
    if (text === undefined || (at !== line && text.trim() === '')) return []
    return [{ line: at, text: maskSecrets(text.replace(/\r$/, '')), isIt: at === line }]
  })
