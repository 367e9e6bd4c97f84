import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path/posix'
import { test } from 'node:test'
import type { Context } from './kernel/context.ts'
import { createGraph } from './graph.ts'

/** The rules of ARCHITECTURE.md's floors, read from the import statements of every file. */

type SourceFile = { path: string; text: string }
type Import = { from: string; to: string; isPackage: boolean }
type Floors = ReadonlyMap<string, number>

const root = resolve(import.meta.dirname, '../../..')
const server = 'packages/server/src'
/** They put the rooms together, so they see all of them. */
const wiring = new Set(
  ['graph.ts', 'main.ts', 'backup.ts', 'verify-audit.ts'].map((name) => `${server}/${name}`),
)

const isTest = (path: string): boolean =>
  /\.test\.tsx?$|\/testing\/|\/test-fixture\/|-(bench|cases|fixture)\.ts$/.test(path)

const readSources = (): SourceFile[] =>
  globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root })
    .filter((path) => !isTest(path) && !path.endsWith('.d.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Folder and floor of every room; a room is on one floor only. */
const readFloors = (): Floors => {
  const floors = new Map<string, number>()
  // Rooms are imported when a module is made, which nobody asks for here.
  for (const { room, floor } of Object.values(createGraph({} as Context))) {
    assert.equal(floors.get(room) ?? floor, floor, `${room} is on two floors`)
    floors.set(room, floor)
  }
  return floors
}

const statement = /^(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'/gm
const effect = /^import\s+'([^']+)'/gm
const dynamic = /\bimport\(\s*'([^']+)'/g

const importsOf = ({ path, text }: SourceFile): Import[] =>
  [statement, effect, dynamic]
    .flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name))
    .map((name) => ({
      from: path,
      to: name.startsWith('.') ? join(dirname(path), name) : name,
      isPackage: !name.startsWith('.'),
    }))

const packageOf = (path: string): string => path.split('/')[1] ?? ''
const roomOf = (path: string): string => path.slice(server.length + 1).split('/')[0] ?? ''

const checkRooms = (files: readonly SourceFile[], floors: Floors): string[] => {
  const inside = files.filter(({ path }) => path.startsWith(`${server}/`) && !wiring.has(path))
  const homeless = inside
    .filter(({ path }) => !floors.has(roomOf(path)))
    .map(({ path }) => `${path} is in no room of graph.ts`)
  const faults = inside.flatMap(importsOf).flatMap(({ from, to, isPackage }) => {
    if (isPackage || !to.startsWith(`${server}/`)) return []
    const [own, other] = [roomOf(from), roomOf(to)]
    if (own === other) return []
    const fault = (what: string): string[] => [`${from} imports ${to}: ${what}`]
    if (wiring.has(to)) return fault('only programs see the whole graph')
    if ((floors.get(other) ?? Infinity) >= (floors.get(own) ?? -1)) {
      return fault(`${other} is not on a floor below ${own}`)
    }
    // The kernel has no door: it is what everybody stands on.
    if (other !== 'kernel' && to !== `${server}/${other}/index.ts`) return fault('not by the door')
    return []
  })
  return [...homeless, ...faults]
}

/** What each package may know of the others; the page of the platform knows the API and no more. */
const packageNeeds: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  compose: [],
  sdk: [],
  // `sdk`: tests ask the platform as others do.
  server: ['contract', 'sdk'],
  web: ['contract', 'sdk'],
  gaps: ['compose'],
  // `server/check`: what a plan is judged by; `server/gateway`: Kong files and the gateway alone. Both
  // also where no platform runs.
  cli: ['contract', 'sdk', 'compose', 'gaps', 'server/check', 'server/gateway'],
}

const checkPackages = (files: readonly SourceFile[]): string[] =>
  files.flatMap(importsOf).flatMap(({ from, to, isPackage }) => {
    const own = packageOf(from)
    const other = isPackage ? /^@keelson\/(.+)/.exec(to)?.[1] : packageOf(to)
    if (other === undefined || other === own) return []
    if (!isPackage) return [`${from} imports ${to}: by its path, not as a package`]
    const needs = packageNeeds[own] ?? []
    return needs.some((name) => other === name || other.startsWith(`${name}/`))
      ? []
      : [`${from} imports ${to}: ${own} knows nothing of ${other}`]
  })

const sql =
  /['"`]\s*(select\s|insert into\s|update [\w.]+\s+set\s|delete from\s|with \w+ as\b|lock table\s|truncate\s|(create|drop|alter) (table|schema|role|database|index|view)\s)/i
const mayHoldSql =
  /[/-]store\.ts$|\/kernel\/(db|events|migrations|postgres|backup|audit)(\/.*)?(\.ts)?$|\/kernel\/(db|events|migrations)\.ts$/
/** Makes and drops databases that belong to stacks: there is no table in it, and no domain's row. */
const administersDatabases = `${server}/orchestrator/databases.ts`

const checkSql = (files: readonly SourceFile[]): string[] =>
  files.flatMap((file) => {
    if (!file.path.startsWith(`${server}/`) || mayHoldSql.test(file.path)) return []
    const usesDriver = importsOf(file).some(({ to }) => /^pg($|-)/.test(to))
    const holdsSql = file.path !== administersDatabases && sql.test(file.text)
    return [
      ...(usesDriver ? [`${file.path} imports the database driver`] : []),
      ...(holdsSql ? [`${file.path} holds SQL and is no store`] : []),
    ]
  })

/** The first import cycle found from each file, type imports included. */
const checkCycles = (files: readonly SourceFile[]): string[] => {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ to, isPackage }) => (isPackage ? [] : [to])),
    ]),
  )
  const done = new Set<string>()
  const faults: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) faults.push(`cycle: ${[...trail.slice(at), path].join(' → ')}`)
    if (at >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return faults
}

const check = (files: readonly SourceFile[], floors: Floors): string[] => [
  ...checkRooms(files, floors),
  ...checkPackages(files),
  ...checkSql(files),
  ...checkCycles(files),
]

test('no file of any package crosses a boundary', () => {
  const files = readSources()
  assert.ok(files.length > 150, `only ${files.length} files were found`)
  const count = files.flatMap(importsOf).length
  assert.ok(count > 500, `only ${count} imports were read`)
  assert.deepEqual(check(files, readFloors()), [])
})

test('every room of the server is a folder and every folder a room', () => {
  const folders = new Set(globSync(`${server}/*/*.ts`, { cwd: root }).map((path) => roomOf(path)))
  assert.deepEqual([...folders].sort(), [...readFloors().keys()].sort())
})

const planted: readonly (SourceFile & { fault: RegExp })[] = [
  {
    path: 'kernel/planted.ts',
    text: "import type { Registry } from '../registry/index.ts'",
    fault: /registry is not on a floor below kernel/,
  },
  {
    path: 'registry/planted.ts',
    text: "import type {\n  Health,\n} from '../health/index.ts'",
    fault: /health is not on a floor below registry/,
  },
  {
    path: 'gateway/planted.ts',
    text: "export { ownStack } from '../orchestrator/index.ts'",
    fault: /orchestrator is not on a floor below gateway/,
  },
  {
    path: 'health/planted.ts',
    text: "const { insert } = await import('../registry/store.ts')",
    fault: /not by the door/,
  },
  {
    path: 'health/planted.ts',
    text: "import { createGraph } from '../graph.ts'",
    fault: /only programs see the whole graph/,
  },
  {
    path: 'settings/planted.ts',
    text: 'export const nothing = 1',
    fault: /in no room of graph\.ts/,
  },
  {
    path: 'health/planted.ts',
    text: 'db.many(`\n  select 1 from health.span`)',
    fault: /holds SQL and is no store/,
  },
  {
    path: 'health/planted.ts',
    text: "import { Pool } from 'pg'",
    fault: /imports the database driver/,
  },
  {
    path: 'health/planted.ts',
    text: "import type { Planted } from './planted.ts'",
    fault: /cycle: .*planted\.ts → .*planted\.ts/,
  },
  {
    path: '../../web/src/planted.ts',
    text: "import type { Env } from '../../server/src/kernel/env.ts'",
    fault: /by its path/,
  },
  {
    path: '../../web/src/planted.ts',
    text: "import { load } from '@keelson/compose'",
    fault: /web knows nothing of compose/,
  },
  {
    path: '../../contract/src/planted.ts',
    text: "import '@keelson/server/main'",
    fault: /contract knows nothing of server/,
  },
]

for (const { path, text, fault } of planted) {
  test(`a planted fault is found: ${fault.source}`, () => {
    const faults = check([{ path: join(server, path), text }], readFloors())
    assert.equal(faults.filter((found) => fault.test(found)).length, 1, faults.join('\n'))
  })
}

test('a cycle over three files is found', () => {
  const files = ['a', 'b', 'c'].map((name, index) => ({
    path: `${server}/health/${name}.ts`,
    text: `import { x } from './${'bca'[index]}.ts'`,
  }))
  assert.match(checkCycles(files).join(), /a\.ts → .*b\.ts → .*c\.ts → .*a\.ts/)
})
