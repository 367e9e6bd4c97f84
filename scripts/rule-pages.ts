import { families, fixCommandOf, rules, type Rule } from '../packages/gaps/src/index.ts'
import { code, page, table } from './markdown.ts'

type Example = Rule['examples'][number]

const folder = 'docs/rules'

/** The rules of the gap audit: an index and a page for each family, by path. */
export const rulePages = (): Map<string, string> =>
  new Map([
    [`${folder}/README.md`, indexPage()],
    ...families.map((family) => [`${folder}/${family}.md`, familyPage(family)] as const),
  ])

const rulesOf = (family: string): readonly Rule[] =>
  rules.filter(({ id }) => id.startsWith(`${family}/`))

const indexPage = (): string =>
  page(
    'Rules',
    `What \`keelson gaps\` looks for: ${rules.length} rules in ${families.length} families. ` +
      'How to use it is in [gaps.md](../gaps.md). ' +
      '`keelson gaps rules <id>` prints what is here in a terminal.',
    'A finding may be graver or milder than its rule: what lasts or serves others counts for less ' +
      'in a stack that is named as one for development or tests. Fixable rules are mended by ' +
      '`keelson gaps --fix`; those marked "when asked" take a decision, which naming them with ' +
      '`--rule` is.',
    ...families.flatMap((family) => [
      `## ${family}`,
      table(
        ['rule', 'severity', 'finds', 'fixable'],
        rulesOf(family).map(({ id, severity, title, fixable = '' }) => [
          `[${id}](${family}.md#${anchorOf(id)})`,
          ...[severity, title, fixable],
        ]),
      ),
    ]),
  )

/** As GitHub makes it of a heading. */
const anchorOf = (id: string): string => id.replaceAll('/', '')

const familyPage = (family: string): string =>
  page(
    `Rules: ${family}`,
    'All families: [README.md](README.md).',
    ...rulesOf(family).flatMap(sectionsOf),
  )

const sectionsOf = (rule: Rule): string[] => [
  `## ${rule.id}`,
  `**${rule.title}** (${rule.severity}${rule.isMilderInDevelopment ? ', milder in a stack for development or tests' : ''})`,
  rule.why,
  `Held against each other: ${rule.joins.join(', ')}.`,
  ['**Fix:**', rule.fix, ...mendOf(rule)].join(' '),
  ...rule.examples.flatMap(exampleOf),
]

const mendOf = (rule: Rule): string[] => {
  const { caution } = rule
  const command = fixCommandOf(rule)
  if (command === undefined) return []
  const mended = `Mended by ${code(command)}.`
  return caution === undefined ? [mended] : [mended, sentence(caution)]
}

const sentence = (text: string): string =>
  `${text[0]?.toUpperCase()}${text.slice(1)}`.replace(/[^.]$/, '$&.')

const exampleOf = ({ title, files, running, finds }: Example): string[] => [
  `### Example: ${title}`,
  ...Object.entries(files).flatMap(([file, text]) => [code(file), fence(text, file)]),
  ...(running === undefined ? [] : ['Seen running:', fence(seenOf(running), 'seen.json')]),
  finds.length === 0
    ? 'Nothing is found.'
    : finds
        .map(
          ({ service, says }) => `- ${service === '-' ? 'the stack' : code(service)}: … ${says} …`,
        )
        .join('\n'),
]

/** What was seen, without the lists in which there is nothing. */
const seenOf = (running: NonNullable<Example['running']>): string => {
  const lines = Object.entries(running)
    .filter(([, value]) => value.length > 0)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${valueOf(value)}`)
  return `{\n${lines.join(',\n')}\n}`
}

/** A list has an entry on each line. */
const valueOf = (value: unknown): string =>
  Array.isArray(value)
    ? `[\n${value.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`
    : JSON.stringify(value)

const languages: Readonly<Record<string, string>> = {
  ...{ yml: 'yaml', yaml: 'yaml', json: 'json', md: 'markdown', js: 'js', ts: 'ts', py: 'python' },
  ...{ go: 'go', java: 'java', cs: 'csharp', sh: 'sh', toml: 'toml', conf: 'nginx', xml: 'xml' },
}

/** A block that no backtick of the text ends. */
const fence = (text: string, file: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const ticks = '`'.repeat(longest + 1)
  const ending = file.split('.').at(-1) ?? ''
  const language = /(?:^|\/)Dockerfile/.test(file) ? 'dockerfile' : (languages[ending] ?? '')
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`
}
