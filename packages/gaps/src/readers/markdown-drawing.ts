import type { Claim } from '../systems/system.ts'

export type Block = {
  file: string
  /** Folder of the document. */
  folder: string
  /** Line of its first line of text. */
  line: number
  text: string
  language: string
}

const lineLimit = 500
const branch = /^([│| \t\u00a0]*)(?:├|└|\|--|`--|\+--)[─-]* ?(.*)$/u

/** Paths of a drawing of folders, as `tree` prints it. */
export const readDrawing = ({ file, line, text }: Block): Claim[] => {
  if (!/[├└]|\|--|`--|\+--/u.test(text)) return []
  const claims: Claim[] = []
  const open: { indent: number; name: string }[] = []
  const lines = text.split('\n').slice(0, lineLimit)
  const root = /^([\w.-]{1,100})\/?\s*$/.exec(lines.find((one) => one.trim() !== '') ?? '')?.[1]
  for (const [index, one] of lines.entries()) {
    const match = branch.exec(one.slice(0, 300))
    if (match === null) continue
    const [, before = '', rest = ''] = match
    const name = rest
      .replace(/\s+(?:#|<-|←|--|–|—|\/\/|\().*$/u, '')
      .replace(/\s{2,}.*$/, '')
      .trim()
    while ((open.at(-1)?.indent ?? -1) >= before.length) open.pop()
    if (
      !/^[\w.@+-][\w.@+ -]{0,100}\/?$/.test(name) ||
      /^\.{2,}$/.test(name) ||
      name.includes(' ')
    ) {
      // What is below something that is no name has no path.
      open.push({ indent: before.length, name: '\0' })
      continue
    }
    open.push({ indent: before.length, name: name.replace(/\/$/, '') })
    const path = open.map((part) => part.name).join('/')
    if (path.includes('\0')) continue
    claims.push({
      ...{ file, line: line + index, column: one.indexOf(name) + 1 },
      ...{ kind: 'path', text: name, path, from: 'drawing' },
      ...(root === undefined || root === '.' ? {} : { root }),
    })
  }
  return claims
}
