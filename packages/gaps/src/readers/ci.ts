import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import type { CiEvidence } from '../systems/system.ts'
import type { Reader } from './reader.ts'

const workflow = /^\.github\/workflows\/[^/]+\.ya?ml$|^\.github\/actions\/.+\/action\.ya?ml$/
const gitlab =
  /^(?:\.gitlab-ci\.ya?ml|\.gitlab\/.+\.ya?ml|\.circleci\/config\.yml|azure-pipelines\.ya?ml|bitbucket-pipelines\.yml)$/

/** Keys whose text is given to a shell. */
const commandKeys = new Set(['run', 'script', 'before_script', 'after_script', 'command', 'bash'])
const commandCountMax = 2000
const depthMax = 20

/** What pipelines run. */
export const ciReader: Reader = {
  name: 'ci',
  wants: (file) => workflow.test(file) || gitlab.test(file),
  read: (file, text) => {
    if (!/\b(?:run|script|command|bash)\b/.test(text)) return undefined
    const lines = new LineCounter()
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: 'silent',
      uniqueKeys: false,
    })
    const commands: CiEvidence['commands'][number][] = []
    const add = (node: Node): void => {
      if (!isScalar(node) || typeof node.value !== 'string' || node.range == null) return
      const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
      const start = lines.linePos(node.range[0])
      const source = text.slice(node.range[0], node.range[1]).split('\n')
      const written = isBlock ? source.slice(1) : [node.value]
      for (const [index, line] of written.entries()) {
        if (commands.length >= commandCountMax) return
        const command = line.trim()
        if (command === '' || command.startsWith('#')) continue
        commands.push({
          file,
          line: start.line + index + (isBlock ? 1 : 0),
          column: isBlock ? line.length - line.trimStart().length + 1 : start.col,
          command,
        })
      }
    }
    visit(document.contents, add, 0)
    return commands.length === 0 ? undefined : { ci: { file, commands } }
  },
}

const visit = (node: unknown, add: (node: Node) => void, depth: number): void => {
  if (depth > depthMax) return
  if (isSeq(node)) for (const item of node.items) visit(item, add, depth + 1)
  if (!isMap(node)) return
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : ''
    if (!commandKeys.has(key)) visit(pair.value, add, depth + 1)
    else if (isSeq(pair.value)) for (const item of pair.value.items) add(item as Node)
    else if (isScalar(pair.value)) add(pair.value)
    else visit(pair.value, add, depth + 1)
  }
}
