import { families, fixCommandOf, rules, type Rule } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { chooseRules } from '../gaps/options.ts'
import { wrap } from '../gaps/wrap.ts'
import { formatTable, tableWidth } from '../table.ts'
import type { Colors } from '../output.ts'

/** The rules as a list; one of them with its reason, its fix and its examples. */
export const gapsRules = async (
  { output, shared }: Context,
  _options: unknown,
  [id]: readonly string[],
): Promise<number> => {
  const chosen = chooseRules(id === undefined ? [] : [id])
  const [only] = chosen
  const width = tableWidth(output.stdout)
  const colors = output.dataColors
  if (shared.json) {
    output.data(JSON.stringify(chosen.map(ruleJson), null, 2))
  } else if (only !== undefined && only.id === id) {
    output.data(explain(only, Math.min(width, 100), colors))
  } else {
    output.data(
      formatTable(
        chosen,
        [
          { title: 'RULE', value: ({ id }) => id },
          { title: 'SEVERITY', value: ({ severity }) => severity },
          { title: 'FIXABLE', value: ({ fixable }) => fixable ?? '' },
          { title: 'FINDS', value: ({ title }) => title, gives: true },
        ],
        { width, colors },
      ),
    )
    const count = `${rules.length} rules in ${new Set(rules.map(familyOf)).size} families`
    output.message(`${count}; one of them: keelson gaps rules <id>`)
  }
  return exitCodes.ok
}

const familyOf = ({ id }: Rule) => families.find((family) => id.startsWith(`${family}/`))

const ruleJson = ({ id, title, severity, why, joins, fix, fixable, examples }: Rule) => ({
  ...{ id, title, severity, why, joins, fix, fixable: fixable ?? null },
  examples: examples.map(({ title, files, finds }) => ({ title, files, finds })),
})

const mendOf = (rule: Rule): string[] => {
  const { caution } = rule
  const how = fixCommandOf(rule)
  if (how === undefined) return []
  return [`${how} mends it where it can${caution === undefined ? '.' : `; ${caution}`}`]
}

const explain = (rule: Rule, width: number, colors: Colors): string => {
  const { id, title, severity, why, joins, fix, examples } = rule
  const paragraph = (text: string) => wrap(text.replaceAll(/\s+/g, ' '), width, '').join('\n')
  const shown = examples.map(({ title, files, finds }) => {
    const found = finds.map(
      ({ service, says }) => `  ${colors.yellow('!')} ${service}: … ${says} …`,
    )
    const texts = Object.entries(files).flatMap(([file, text]) => [
      colors.dim(`  ${file}`),
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
    ])
    const end = found.length === 0 ? [`  ${colors.green('✓')} nothing is found`] : found
    return [colors.bold(`Example: ${title}`), ...texts, ...end].join('\n')
  })
  return [
    `${colors.bold(title)}  ${colors.dim(`${id}, ${severity}`)}`,
    paragraph(why),
    paragraph(`Held against each other: ${joins.join(', ')}.`),
    `${colors.bold('Fix')}  ${paragraph([fix, ...mendOf(rule)].join(' '))}`,
    ...shown,
  ].join('\n\n')
}
