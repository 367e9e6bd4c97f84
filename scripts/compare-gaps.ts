/**
 * Prints the table of docs/gaps-compared.md: what dclint and this audit find in the same repositories,
 * by class of gap.
 *
 *   node scripts/compare-gaps.ts <dclint's main file> <repository> …
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { audit } from '../packages/gaps/src/index.ts'
import { table } from './markdown.ts'

const run = promisify(execFile)

/** Rules of both by what they are about: ours by family or id, the first class that fits. */
const classes: readonly { title: string; ours: readonly string[]; dclint: readonly string[] }[] = [
  { title: 'no health check', ours: ['health/no-check'], dclint: [] },
  { title: 'no restart policy', ours: ['health/no-restart'], dclint: [] },
  { title: 'checks and waits that do not work', ours: ['health'], dclint: [] },
  { title: 'no memory limit', ours: ['resilience/memory-limit'], dclint: [] },
  { title: 'state, backup, stop, single points', ours: ['resilience'], dclint: [] },
  {
    title: 'published on all interfaces',
    ...{ ours: ['network/exposed'], dclint: ['no-unbound-port-interfaces'] },
  },
  {
    title: 'port or container name taken twice',
    ours: ['network/port-collision'],
    dclint: ['no-duplicate-exported-ports', 'no-duplicate-container-names'],
  },
  { title: 'hosts, ports and networks that are not there', ours: ['network'], dclint: [] },
  {
    title: 'floating tag',
    ours: ['configuration/floating-image'],
    dclint: ['service-image-require-explicit-tag'],
  },
  {
    title: 'no project name',
    ours: ['configuration/project-name'],
    dclint: ['require-project-name-field'],
  },
  {
    title: 'secrets and default passwords',
    ours: ['configuration/secret-in-file', 'configuration/default-password'],
    dclint: [],
  },
  { title: 'variables unset, unread, not provided', ours: ['configuration'], dclint: [] },
  {
    title: 'files, folders and services that are missing, or used by nobody',
    ...{ ours: ['missing'], dclint: [] },
  },
  { title: 'rights of the host, root, no authentication', ours: ['security'], dclint: [] },
  { title: 'metrics, alerts, collectors', ours: ['observability'], dclint: [] },
  { title: 'routes of gateways', ours: ['routes'], dclint: [] },
  { title: 'documents that are not true', ours: ['claims'], dclint: [] },
  {
    title: 'files that cannot be loaded',
    ours: ['compose'],
    dclint: ['invalid-schema', 'invalid-yaml', 'unknown-error'],
  },
  {
    title: 'container name of other signs than Docker takes',
    ...{ ours: [], dclint: ['service-container-name-regex'] },
  },
  {
    title: '`build` beside `image`, obsolete `version`',
    ours: [],
    dclint: ['no-build-and-image', 'no-version-field'],
  },
  {
    title: 'order and quotes',
    ours: [],
    dclint: [
      ...['service-keys-order', 'services-alphabetical-order', 'service-ports-alphabetical-order'],
      ...['service-dependencies-alphabetical-order', 'top-level-properties-order'],
      ...['require-quotes-in-ports', 'no-quotes-in-volumes'],
    ],
  },
]

type Counts = ReadonlyMap<string, number>
type Counted = { name: string; ours: Counts; grave: Counts; dclint: Counts }
type Linted = readonly { messages: readonly { rule: string }[] }[]

const countRules = (ids: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

/** It ends with 1 when it finds something, and cuts a report that it writes to a pipe. */
const lint = async (dclint: string, root: string): Promise<string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-compare-'))
  try {
    const file = join(folder, 'report.json')
    await run(process.execPath, [dclint, '-r', '-f', 'json', '-o', file, root]).catch(() => {})
    const linted = JSON.parse(await readFile(file, 'utf8')) as Linted
    return linted.flatMap(({ messages }) => messages.map(({ rule }) => rule))
  } finally {
    await rm(folder, { recursive: true })
  }
}

const countBoth = async (dclint: string, root: string): Promise<Counted> => {
  const { findings } = await audit({ root })
  return {
    name: root,
    ours: countRules(findings.map(({ rule }) => rule)),
    grave: countRules(
      findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule),
    ),
    dclint: countRules(await lint(dclint, root)),
  }
}

const classOf = (tool: 'ours' | 'dclint', id: string): string => {
  const found =
    classes.find((one) => one[tool].includes(id)) ??
    classes.find((one) => one[tool].some((name) => id.startsWith(`${name}/`)))
  if (found === undefined) throw new Error(`${id} is in no class`)
  return found.title
}

/** Findings by class, of all repositories. */
const sumsOf = (counted: readonly Counted[], what: 'ours' | 'grave' | 'dclint'): Counts => {
  const sums = new Map<string, number>()
  for (const one of counted) {
    for (const [id, count] of one[what]) {
      const title = classOf(what === 'dclint' ? 'dclint' : 'ours', id)
      sums.set(title, (sums.get(title) ?? 0) + count)
    }
  }
  return sums
}

const total = (counts: Counts): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)

const [dclint, ...roots] = process.argv.slice(2)
if (dclint === undefined || roots.length === 0) {
  throw new Error("name dclint's main file and the repositories")
}
const counted: Counted[] = []
for (const root of roots) counted.push(await countBoth(dclint, resolve(root)))
const ours = sumsOf(counted, 'ours')
const grave = sumsOf(counted, 'grave')
const theirs = sumsOf(counted, 'dclint')
const rows = classes.map(({ title, ours: rules, dclint: lints }) => [
  title,
  ...[ours, grave].map((sums) => (rules.length === 0 ? '–' : String(sums.get(title) ?? 0))),
  lints.length === 0 ? '–' : String(theirs.get(title) ?? 0),
])
const all = ['all', ...[ours, grave, theirs].map((sums) => String(total(sums)))]
console.log(
  table(['class of gap', 'keelson gaps', 'of these errors and warnings', 'dclint'], [...rows, all]),
)
for (const one of counted) {
  console.log(`${one.name}: ${total(one.ours)}, dclint ${total(one.dclint)}`)
}
