import { atEnd, everyChar, type CharSet, type ParsedRegex, type RegexNode } from './regex-syntax.ts'

/**
 * Steps for each character of the text that a pattern may cost a backtracking engine. With texts
 * of at most 16 Ki characters that is 4 Mi steps, a few milliseconds, for the worst pattern and
 * the worst text.
 */
const mostStepsPerChar = 256

/** What comes after a node, seen from that node. */
type Rest = {
  /** Characters it can begin with. */
  first: CharSet
  /** It cannot fail: nothing has to follow. */
  sure: boolean
  /** Characters it can take before it can fail; Infinity when there is a loop. */
  longest: number
}

/** Ways that have to be tried at each place, all in all. */
type Cost = { ways: number; tail: number }

/**
 * Whether a backtracking engine needs at most linear time for every text. True for patterns
 * where the next character decides which way to go, with a few exceptions of known price: one
 * loop that overlaps what follows, if that is short, and a handful of undecided choices. False
 * means not proven.
 */
export const isProvenLinear = (
  { root, startsAtStart }: ParsedRegex,
  anchored: 'start' | 'both' | 'none',
): boolean => {
  const cost: Cost = { ways: 1, tail: 1 }
  const rest: Rest =
    anchored === 'both'
      ? { first: atEnd, sure: false, longest: 0 }
      : { first: everyChar | atEnd, sure: true, longest: 0 }
  const whole = walk(root, rest, cost)
  if (whole === null) return false
  const searches = anchored === 'none' && !startsAtStart
  // A search starts anew at every character.
  const steps = cost.ways * cost.tail * (searches ? whole.longest + 1 : 1)
  return steps <= mostStepsPerChar
}

/** The rest as the part before this node sees it; null when nothing can be proven. */
const walk = (node: RegexNode, rest: Rest, cost: Cost): Rest | null => {
  switch (node.kind) {
    case 'char':
      return { first: node.set, sure: false, longest: rest.longest + 1 }
    case 'end':
      return { first: atEnd, sure: false, longest: rest.longest }
    case 'group':
      return walk(node.item, rest, cost)
    case 'sequence':
      return node.items.reduceRight<Rest | null>(
        (after, item) => (after === null ? null : walk(item, after, cost)),
        rest,
      )
    case 'either':
      return walkEither(node.options, rest, cost)
    case 'repeat':
      return node.max === 1 && node.min === 0
        ? walkOptional(node.item, rest, cost)
        : walkLoop(node, rest, cost)
  }
}

const walkEither = (options: readonly RegexNode[], rest: Rest, cost: Cost): Rest | null => {
  const whole: Rest = { first: 0n, sure: false, longest: 0 }
  let decided = true
  for (const option of options) {
    const one = walk(option, rest, cost)
    if (one === null) return null
    decided &&= (whole.first & one.first) === 0n
    whole.first |= one.first
    whole.sure ||= one.sure
    whole.longest = Math.max(whole.longest, one.longest)
  }
  if (!decided) cost.ways *= options.length
  return whole
}

const walkOptional = (item: RegexNode, rest: Rest, cost: Cost): Rest | null => {
  const taken = walk(item, rest, cost)
  if (taken === null) return null
  if ((taken.first & rest.first) !== 0n) cost.ways *= 2
  return { first: taken.first | rest.first, sure: rest.sure, longest: taken.longest }
}

const walkLoop = (
  { item, min, max }: Extract<RegexNode, { kind: 'repeat' }>,
  rest: Rest,
  cost: Cost,
): Rest | null => {
  const char = item.kind === 'group' && item.open !== '(?:' ? null : item
  if (char?.kind !== 'char') return null
  const first = min === 0 ? char.set | rest.first : char.set
  const sure = min === 0 && rest.sure
  // What it gave back would have to be taken again; after it, nothing can fail.
  if (rest.sure) return { first, sure, longest: rest.longest + min }
  const decided = (char.set & rest.first) === 0n
  if (max !== Infinity) {
    if (!decided) cost.ways *= max - min + 1
    return { first, sure, longest: rest.longest + max }
  }
  if (!decided) {
    if (rest.longest === Infinity) return null
    cost.tail *= rest.longest + 1
  }
  return { first, sure, longest: Infinity }
}
