import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { asvsChapters, asvsItems } from './asvs-items.ts'
import { code, page } from './markdown.ts'

const root = resolve(import.meta.dirname, '..')
const testFiles = ['packages/*/src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}']
/** A title `ASVS 6.1.1, 6.3.8: words`, also where it is a case of a list. */
const titled =
  /(?<quote>['"`])ASVS (?<numbers>[\d., ]+): (?<words>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/gu

export type NamedTest = { numbers: readonly string[]; words: string; file: string }

/** What each is to have a test for. */
export const asvsGoals: readonly string[] = Object.entries(asvsItems).flatMap(([number, item]) =>
  item.isGoal === true ? [number] : [],
)

/** Every test that names a requirement, by file. */
export const findAsvsTests = (): NamedTest[] =>
  globSync(testFiles, { cwd: root })
    .toSorted()
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(titled)].map(({ groups = {} }) => ({
        numbers: (groups['numbers'] ?? '').split(',').map((number) => number.trim()),
        words: spoken(groups['words'] ?? ''),
        file,
      })),
    )

/** One test for each of several cases: what they are called is not known here. */
const spoken = (words: string): string =>
  words.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll(/\\(.)/g, '$1')

const parts = (number: string): number[] => number.split('.').map(Number)
const byNumber = (one: string, other: string): number => {
  const [a, b] = [parts(one), parts(other)]
  const at = a.findIndex((part, index) => part !== b[index])
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

export const asvsPage = (): string => {
  const tests = findAsvsTests()
  const testsOf = (number: string) => tests.filter(({ numbers }) => numbers.includes(number))
  const named = new Set(tests.flatMap(({ numbers }) => numbers))
  const numbers = [...new Set([...asvsGoals, ...named])].toSorted(byNumber)
  const without = numbers.filter((number) => testsOf(number).length === 0)
  const chapters = [...new Set(numbers.map((number) => Number(number.split('.')[0])))]
  return page(
    'ASVS 5.0',
    'Requirements of the OWASP Application Security Verification Standard 5.0, in our own words, and ' +
      'the tests that bear their numbers. It is no certificate: a test proves what it does, and the ' +
      'rest of a requirement is for whoever reads it.',
    `${numbers.length - without.length} requirements have a test. ` +
      (without.length === 0 ? 'None is without.' : `Without: ${without.join(', ')}.`),
    ...chapters.flatMap((chapter) => [
      `## ${chapter} ${asvsChapters[chapter] ?? ''}`.trim(),
      ...numbers
        .filter((number) => number.startsWith(`${chapter}.`))
        .map((number) => sectionOf(number, testsOf(number))),
    ]),
  )
}

const sectionOf = (number: string, tests: readonly NamedTest[]): string => {
  const item = asvsItems[number]
  const head =
    item === undefined ? `**${number}**` : `**${number}** (level ${item.level}): ${item.means}.`
  if (tests.length === 0) return `${head}\n\n- no test`
  return `${head}\n\n${tests.map(({ words, file }) => `- ${words} (${code(file)})`).join('\n')}`
}
