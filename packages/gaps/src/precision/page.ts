import { rules } from '../rules/index.ts'
import { foundFirst, foundSince, type FirstContact } from './first-contact.ts'
import type { Outside } from './labels.ts'
import { precisionRows, type Judged, type PrecisionRow } from './measure.ts'

const intro = `# How often the gap audit is right

Written by \`packages/gaps/scripts/measure-precision.ts\`; a test holds it to what the audit finds.

Each finding of severity error or warning on nine public systems (one of them 39 small examples) was
read by hand in the files it points to, and upstream where those were trimmed. It is right when what
it says is so **and** its severity is deserved there. The verdicts with their reasons are in
[labels.yaml](../packages/gaps/src/precision/labels.yaml), the principles of judging at its head. The
rules were mended with these systems at hand, so the first table says how well they fit them. What to
expect of a repository that nobody mended them for says the section *First contact*.`

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
  fresh: readonly FirstContact[],
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
    '## First contact',
    ...firstContact(fresh),
    '## Nine systems',
    table(precisionRows(judged)),
    `No finding of severity error or warning on these stacks; not measured: ${silent.join(', ')}.`,
    '## Repositories they were mended with later',
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

const firstContact = (fresh: readonly FirstContact[]): string[] => {
  const [one, two] = [1, 2].map((number) => fresh.filter(({ round }) => round === number))
  const [first, second] = [foundFirst(one ?? []), foundFirst(two ?? [])]
  const since = foundSince(one ?? [])
  const largest = (two ?? [])
    .map((each) => ({ name: each.repository, judged: foundFirst([each]) }))
    .reduce((a, b) => (b.judged.length > a.judged.length ? b : a))
  const others = second.filter((each) => !largest.judged.includes(each))
  return [
    `${fresh.length} fresh repositories, each audited before any rule was mended for it, with a verdict on every error
and warning in [first-contact.yaml](../packages/gaps/src/precision/first-contact.yaml). This is the
forecast for a repository unlike all others:

- First round, ${one?.length} repositories: ${share(first)} right.
- Second round, ${two?.length} others, after the causes found in the first were mended in general: ${share(second)}
  right. ${largest.judged.length} of them are of ${largest.name} alone, whose main file did not load, so that
  each of its parts was read by itself; of the rest ${share(others)} are right.
- The first round again, after mending: ${share(since)} right, which says only that the causes are gone.`,
    contactTable(first, second, since),
    `By repository, the first audit:\n\n${contactRepositories(fresh)}`,
  ]
}

const share = (judged: readonly Judged[]): string => {
  const right = judged.filter(({ isTrue }) => isTrue).length
  return `${right} of ${judged.length} (${percent(right, judged.length)})`
}

const contactTable = (...columns: readonly (readonly Judged[])[]): string => {
  const names = [...new Set(columns.flat().map(({ rule }) => rule))].toSorted()
  const cell = (judged: readonly Judged[]): string => (judged.length === 0 ? '–' : share(judged))
  const line = (name: string, pick: (one: Judged) => boolean) =>
    `| ${name} | ${columns.map((column) => cell(column.filter(pick))).join(' | ')} |`
  return [
    '| rule | first round | second round | first round, mended |',
    '|---|---|---|---|',
    ...names.map((name) => line(name, ({ rule }) => rule === name)),
    line('**all**', () => true),
  ].join('\n')
}

const contactRepositories = (fresh: readonly FirstContact[]): string =>
  [
    '| repository | commit | round | findings | right |',
    '|---|---|---|---|---|',
    ...fresh.map((one) => {
      const judged = foundFirst([one])
      const right = judged.filter(({ isTrue }) => isTrue).length
      return `| ${one.repository} | \`${one.commit.slice(0, 12)}\` | ${one.round} | ${judged.length} | ${right} |`
    }),
  ].join('\n')

/** Of the first audit: some of them are infos since, and so no longer among the labels. */
const outsideRightAtFirst = 114

const outsideIntro = (outside: readonly Outside[]): string => {
  const first = outside.reduce((sum, one) => sum + one.first, 0)
  return `${outside.length} more repositories, each with all of its findings of severity error and warning judged in the
same way. On the first audit there were ${first}, of which ${outsideRightAtFirst} were right (${percent(outsideRightAtFirst, first)}). A few causes
made most of the others: variables of code that is not on, submodules, overrides for development,
examples that name a variable in a comment. Each was mended in general; the table is what they find
since.`
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
