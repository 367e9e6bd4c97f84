import { rules } from '../rules/index.ts'
import type { Outside } from './labels.ts'
import { precisionRows, type Judged, type PrecisionRow } from './measure.ts'

const intro = `# How often the gap audit is right

Written by \`packages/gaps/src/precision/write.ts\`; a test holds it to what the audit finds.

Each finding of severity error or warning on nine public systems (one of them 39 small examples) was
read by hand in the files it points to, and upstream where those were trimmed. It is right when what
it says is so **and** its severity is deserved there. The verdicts with their reasons are in
[labels.yaml](../packages/gaps/src/precision/labels.yaml), the principles of judging at its head. The
rules were mended with these systems at hand, so the first table says how well they fit them; the
second is of repositories they had not seen.`

const notMeasured = `## What is not measured

- Infos: they never fail a build, and nobody labelled them.
- What is missed: that is recall, and another measurement.
- Rules about running stacks (\`running/\`) and about suppressions: there was nothing to run.
- One person judged. Where the severity was a matter of taste, the principles decided, not a second
  opinion.`

/** The page of the documentation. `date`: the day of the last labelling, `2026-11-21`. */
export const writePage = (
  judged: readonly Judged[],
  outside: readonly Outside[],
  date: string,
): string => {
  const found = new Set(judged.map(({ rule }) => rule))
  const silent = rules
    .filter(({ id }) => !found.has(id) && !/^(?:running|suppression)\//.test(id))
    .filter(({ severity }) => severity !== 'info')
    .map(({ id }) => `\`${id}\``)
  return `${[
    intro,
    `Last labelled: ${date}.`,
    '## Nine systems',
    table(precisionRows(judged)),
    `No finding of severity error or warning on these stacks; not measured: ${silent.join(', ')}.`,
    '## Repositories the rules had not seen',
    outsideIntro(outside),
    table(precisionRows(outside.flatMap(({ findings }) => findings))),
    wrongOnes(outside),
    repositories(outside),
    notMeasured,
  ].join('\n\n')}\n`
}

const table = (rows: readonly PrecisionRow[]): string => {
  const total = rows.reduce(
    (sum, { findings, right }) => ({
      ...sum,
      ...{ findings: sum.findings + findings, right: sum.right + right },
    }),
    { rule: '**all**', findings: 0, right: 0 },
  )
  const line = ({ rule, findings, right }: PrecisionRow) =>
    `| ${rule} | ${findings} | ${right} | ${findings - right} | ${percent(right, findings)} |`
  return [
    '| rule | findings | right | wrong | precision |',
    '|---|---|---|---|---|',
    ...[...rows, total].map(line),
  ].join('\n')
}

const percent = (right: number, all: number): string =>
  all === 0 ? '–' : `${((100 * right) / all).toFixed(1)} %`

const outsideIntro = (outside: readonly Outside[]): string => {
  const first = outside.reduce((sum, one) => sum + one.first, 0)
  const right = outside.flatMap(({ findings }) => findings).filter(({ isTrue }) => isTrue).length
  return `${outside.length} more repositories, each with all of its findings of severity error and warning judged in the
same way. On the first audit, by rules that had not seen them, there were ${first}, of which ${right} stand
(${percent(right, first)}): that is what to expect of a repository unlike all of these. A few causes made most
of the others: variables of code that is not on, submodules, overrides for development, examples that
name a variable in a comment. Each was mended in general; the table is what they find since.`
}

const wrongOnes = (outside: readonly Outside[]): string => {
  const wrong = outside.flatMap(({ repository, findings }) =>
    findings
      .filter(({ isTrue }) => !isTrue)
      .map(({ rule, says, why }) => `- ${repository}, ${rule}: "${says}"; ${why}.`),
  )
  return wrong.length === 0 ? 'None of them was wrong.' : `Wrong:\n\n${wrong.join('\n')}`
}

const repositories = (outside: readonly Outside[]): string =>
  [
    '| repository | commit | first | now | right |',
    '|---|---|---|---|---|',
    ...outside.map(
      ({ repository, commit, first, findings }) =>
        `| ${repository} | \`${commit.slice(0, 12)}\` | ${first} | ${findings.length} | ${findings.filter(({ isTrue }) => isTrue).length} |`,
    ),
  ].join('\n')
