import type { Claim } from '../systems/system.ts'
import type { Inline } from './markdown-inline.ts'

const words: Readonly<Record<string, number>> = {
  ...{ two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10 },
  ...{ eleven: 11, twelve: 12, thirteen: 13, fourteen: 14, fifteen: 15, sixteen: 16 },
  ...{ seventeen: 17, eighteen: 18, nineteen: 19, twenty: 20 },
}

/** `three services`, `25+ microservices`, `16 running containers`; up to two words between. */
const phrase =
  /(?<![\w.,:/#-])(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)(\+)? (?:([a-z][\w-]{1,30}) )?(?:([a-z][\w-]{1,30}) )?(micro-?services|services|containers|applications|databases)\b/gi

/** Words between number and noun that change nothing about which ones are meant. */
const plain =
  /^(?:docker|running|different|separate|independent|individual|micro|docker-compose|compose|backend-less|total|distinct|small|containerized|containerised)$/i

const totalBefore =
  /\b(?:consists? of|consisting of|comprises?|comprising|composed of|made up of|made of|built (?:of|from|with)|(?:defines?|describes?|starts|launches|runs|brings up|deploys|spins up)(?: (?:an?|the) (?:\w+ ){0,2}(?:with|of))?|contains|total of|total:|split into|divided into|decomposed into|(?:stack|application|system|platform|project|architecture|setup|environment) (?:with|of|has|contains|includes)|(?:should|must|will) (?:show|see|list|have)|listing containers \w+ show)\s*$/i
const totalAfter = /^(?: (?:in total|altogether|running)|, (?:namely|which are)|: )|^ (?:`|\*)/i

const subsetBefore =
  /\b(?:of|all|the|these|those|other|first|last|another|each|any|at least|at most|only|start|both|more|additional|extra|between|than|following|up to|next|least|every|per|or|to|for)\s*$/i
const exampleBefore =
  /\b(?:e\.g\.,?|for example,?|for instance,?|such as|imagine|say,?|let's say|suppose|assume|if you have|when you have)\b[^.]{0,60}$/i

/** What a sentence is about: `The shop has 9 services`, `Nine services make up the shop`. */
const subjectBefore =
  /(?:^|[.!?:]\s+)(?:the |this |our )?((?:[\w-]+ ){0,3}[\w-]+) (?:now |currently |today )?(?:has|have|runs|contains|includes|counts|comes with|ships with|starts|is)\s*$/i

/** Words for the whole that a title adds and a sentence leaves out. */
const generic =
  /^(?:the|a|an|my|our|stack|application|app|system|platform|project|demo|example|sample|architecture)$/i

type Scope = Extract<Claim, { kind: 'count' }>['scope']

/** Numbers of services that a sentence states, each with what they are said of. */
export const readCounts = (
  { text, placeAt }: Inline,
  isHeading: boolean,
  headings: readonly string[] = [],
): Claim[] => {
  const claims: Claim[] = []
  // A paragraph on one line may be as long as it likes; nobody counts services beyond this.
  for (const match of text.slice(0, 20_000).matchAll(phrase)) {
    const [all, number = '', plus, first, second, noun = ''] = match
    const count = /^\d/.test(number) ? Number(number) : words[number.toLowerCase()]
    if (count === undefined) continue
    const before = text.slice(Math.max(0, match.index - 120), match.index)
    const after = text.slice(match.index + all.length, match.index + all.length + 40)
    const between = [first, second].filter((word) => word !== undefined)
    claims.push({
      ...placeAt(match.index),
      ...{ kind: 'count', text: all, count, noun: noun.toLowerCase().replace('-', '') },
      ...{ isAtLeast: plus !== undefined || /(?:more than|over|at least)\s*$/i.test(before) },
      scope: scopeOf({ before, after, between, isHeading, headings, isDigit: /^\d/.test(number) }),
      ...(between.every((word) => plain.test(word)) ? subjectOf(before) : {}),
    })
  }
  return claims
}

type Surroundings = {
  before: string
  after: string
  between: readonly string[]
  isHeading: boolean
  isDigit: boolean
  /** What the paragraph stands under, the title first. */
  headings: readonly string[]
}

const scopeOf = ({ before, after, between, isHeading, isDigit, headings }: Surroundings): Scope => {
  if (exampleBefore.test(before)) return 'example'
  // ".NET 8 Microservices", "Java 17 services": the number belongs to the name before it.
  const name = /(\S+)\s*$/.exec(before)?.[1] ?? ''
  const isName =
    /^[.(]?[A-Z]/.test(name) && !/^(?:The|This|It|All|With|Has|Total|Our|A|An|We)$/.test(name)
  if (isDigit && isName && !/[.:!?]$/.test(name)) return 'product name'
  if (between.some((word) => !plain.test(word))) return 'subset'
  if (totalBefore.test(before) || totalAfter.test(after)) return 'total'
  if (isIntroduction(before, after, headings)) return 'total'
  if (isTitle(subjectOf(before).subject, headings[0])) return 'total'
  if (subsetBefore.test(before)) return 'subset'
  return isHeading && before.trim() === '' ? 'total' : 'subset'
}

const subjectOf = (before: string): { subject?: string } => {
  const subject = subjectBefore.exec(before)?.[1]
  return subject === undefined ? {} : { subject: subject.replace(/^(?:the|this|our) /i, '') }
}

/** `9 services:` and their list, where a document speaks of the whole and not of a part of it. */
const isIntroduction = (before: string, after: string, headings: readonly string[]): boolean =>
  /^\s*:\s*$/.test(after) &&
  /^\s*(?:(?:there are|these are|it has)\s+)?$/i.test(before) &&
  headings
    .slice(1)
    .every((heading) =>
      /^(?:\W*)(?:the )?(?:services|architecture|overview|stack|what(?:'|’)?s (?:inside|included|running|in it))\W*$/i.test(
        heading,
      ),
    )

/** `shop` of "# Acme Shop": the whole title, or its last words; its first ones as a name. */
const isTitle = (subject: string | undefined, title: string | undefined): boolean => {
  if (subject === undefined || title === undefined) return false
  const wordsOf = (text: string) => (text.match(/[\w-]+/g) ?? []).map((word) => word.toLowerCase())
  const ofTitle = wordsOf(title.split(/\s[-–—|]\s|:/)[0] ?? '').filter(
    (word) => !generic.test(word),
  )
  const own = wordsOf(subject).filter((word) => !generic.test(word))
  if (own.length === 0 || own.length > ofTitle.length) return false
  const isName = /^[A-Z]/.test(subject)
  return (
    own.every((word, index) => ofTitle[ofTitle.length - own.length + index] === word) ||
    (isName && own.every((word, index) => ofTitle[index] === word))
  )
}
