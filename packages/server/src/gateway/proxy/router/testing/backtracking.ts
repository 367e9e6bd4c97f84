import type { RegexNode } from '../regex-syntax.ts'

/** What a backtracking engine does with a pattern, counted. */
export type Counted = { matched: boolean; steps: number }

/** Tries the pattern at every place from 0 to `lastStart`, gives up after `limit` steps. */
export const countSteps = (
  root: RegexNode,
  text: string,
  { lastStart, wholeText, limit }: { lastStart: number; wholeText: boolean; limit: number },
): Counted => {
  let steps = 0
  const step = (): boolean => {
    steps += 1
    return steps <= limit
  }
  const accept = (at: number): boolean => !wholeText || at === text.length
  for (let start = 0; start <= lastStart; start += 1) {
    if (run(root, { text, step }, start, accept)) return { matched: true, steps }
    if (steps > limit) break
  }
  return { matched: false, steps }
}

type Run = { text: string; step: () => boolean }
type Next = (at: number) => boolean

const run = (node: RegexNode, context: Run, at: number, next: Next): boolean => {
  if (!context.step()) return false
  switch (node.kind) {
    case 'char':
      return holds(node.set, context.text, at) && next(at + 1)
    case 'end':
      return at === context.text.length && next(at)
    case 'group':
      return run(node.item, context, at, next)
    case 'either':
      return node.options.some((option) => run(option, context, at, next))
    case 'sequence':
      return runSequence(node.items, 0, context, at, next)
    case 'repeat':
      return runRepeat(node, 0, context, at, next)
  }
}

const runSequence = (
  items: readonly RegexNode[],
  index: number,
  context: Run,
  at: number,
  next: Next,
): boolean => {
  const item = items[index]
  if (item === undefined) return next(at)
  return run(item, context, at, (after) => runSequence(items, index + 1, context, after, next))
}

const runRepeat = (
  node: Extract<RegexNode, { kind: 'repeat' }>,
  count: number,
  context: Run,
  at: number,
  next: Next,
): boolean => {
  const again = () =>
    count < node.max &&
    run(node.item, context, at, (after) =>
      // An empty turn would go on for ever.
      after === at && count >= node.min ? false : runRepeat(node, count + 1, context, after, next),
    )
  if (!context.step()) return false
  if (count < node.min) return again()
  return node.lazy ? next(at) || again() : again() || next(at)
}

const holds = (set: bigint, text: string, at: number): boolean =>
  at < text.length && (set & (1n << BigInt(Math.min(text.charCodeAt(at), 128)))) !== 0n

export const countNodes = (node: RegexNode): number => {
  switch (node.kind) {
    case 'char':
    case 'end':
      return 1
    case 'group':
      return 1 + countNodes(node.item)
    case 'repeat':
      return 1 + countNodes(node.item) * Math.max(1, node.min)
    case 'sequence':
      return node.items.reduce((sum, item) => sum + countNodes(item), 1)
    case 'either':
      return node.options.reduce((sum, option) => sum + countNodes(option), 1)
  }
}
