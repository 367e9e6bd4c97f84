import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { askOwnCommand } from '../kernel/own-command.ts'
import { auditByCommand } from './audit-command.ts'

const createFolder = async (files: Readonly<Record<string, string>>) => {
  const root = await mkdtemp(join(tmpdir(), 'keelson-audited-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return {
    ...{ root, files: [join(root, 'compose.yaml')] },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

const { signal } = new AbortController()
const seen = {
  ...{ at: '2026-01-01T00:00:00Z', strangers: [], listeners: [], requests: [], scrapes: [] },
  notApplied: [],
}
const compose = `name: shop
services:
  api: { image: "registry.example.com/api:1" }
  db: { image: "postgres:17" }
`

test('the folder of a stack is held against what runs, with the lines of both sides', async () => {
  await using folder = await createFolder({
    'compose.yaml': compose,
    'examples/compose.yaml': 'services:\n  other: { image: "postgres:latest" }\n',
  })
  const { root, files } = folder
  const instances = [{ service: 'api', name: 'shop-api-1', isRunning: true, reason: 'running' }]
  const answer = await auditByCommand({ root, files, observation: { ...seen, instances } }, signal)
  assert.ok(answer.kind === 'audited')
  const { findings, inventory } = answer.report
  const down = findings.find(({ rule }) => rule === 'running/not-running')
  assert.equal(down?.service, 'db')
  assert.equal(down.evidence[0]?.excerpt.find(({ isIt }) => isIt)?.line, 4)
  assert.deepEqual(
    inventory.services.map(({ service, running, healthy }) => [service, running, healthy]),
    [
      ['api', true, null],
      ['db', false, false],
    ],
  )
  assert.deepEqual([inventory.declared, inventory.running, inventory.healthy], [2, 1, 1])
  assert.ok(findings.every(({ evidence }) => evidence[0]?.file.startsWith('examples') === false))
  const paths = answer.watched.files.map(([path]) => path)
  assert.ok(paths.includes('compose.yaml'), paths.join())
  assert.deepEqual(
    answer.watched.folders.map(([path]) => path),
    ['', 'examples'],
  )
  assert.deepEqual(answer.watched.listed.toSorted(), [
    ...['compose.yaml', 'examples', 'examples/compose.yaml'],
  ])
  const [accepted = ''] = findings.map(({ fingerprint }) => fingerprint)
  const order = { root, files, observation: { ...seen, instances }, accepted: [accepted] }
  const again = await auditByCommand(order, signal)
  assert.ok(again.kind === 'audited')
  assert.equal(again.report.findings.length, findings.length, 'what is accepted is still shown')
  assert.ok(again.report.inventory.score > inventory.score)
})

test('without an observation nothing is said of what runs', async () => {
  await using folder = await createFolder({ 'compose.yaml': compose })
  const answer = await auditByCommand(folder, signal)
  assert.ok(answer.kind === 'audited')
  assert.equal(answer.report.inventory.running, null)
  assert.ok(answer.report.findings.every(({ rule }) => !rule.startsWith('running/')))
})

test('files that do not load are not held against what runs in another reading', async () => {
  await using folder = await createFolder({
    'compose.yaml': 'services:\n  api: { image: "postgres:17" }\n  db: { image: "postgres:17" }\n',
    'compose.small.yaml': 'services:\n  db: { profiles: [all]\n',
  })
  const files = ['compose.yaml', 'compose.small.yaml'].map((name) => join(folder.root, name))
  const observation = { ...seen, instances: [] }
  const answer = await auditByCommand({ ...folder, files, observation }, signal)
  assert.ok(answer.kind === 'audited')
  const { findings, inventory } = answer.report
  assert.deepEqual([inventory.declared, inventory.running, inventory.score], [0, null, 0])
  assert.ok(findings.some(({ rule }) => rule === 'compose/does-not-load'))
  assert.ok(findings.every(({ rule }) => !rule.startsWith('running/')))
})

test('files of any name are read as the stack was started from them', async () => {
  await using folder = await createFolder({ 'stack.yml': compose, 'README.md': '# Shop\n' })
  const files = [join(folder.root, 'stack.yml')]
  const answer = await auditByCommand({ ...folder, files }, signal)
  assert.ok(answer.kind === 'audited')
  assert.ok(answer.report.inventory.declared > 0)
  assert.ok(answer.report.findings.every(({ evidence }) => evidence[0]?.file === 'stack.yml'))
})

test('what the baseline of the repository knows is not told', async () => {
  await using folder = await createFolder({ 'compose.yaml': compose })
  const before = await auditByCommand(folder, signal)
  assert.ok(before.kind === 'audited')
  const [known, ...others] = before.report.findings
  assert.ok(known !== undefined)
  const entries = [{ fingerprint: known.fingerprint, rule: known.rule, message: known.message }]
  const baseline = { version: 1, findings: entries }
  await mkdir(join(folder.root, '.keelson'))
  await writeFile(join(folder.root, '.keelson/gaps-baseline.json'), JSON.stringify(baseline))
  const after = await auditByCommand(folder, signal)
  assert.ok(after.kind === 'audited')
  assert.deepEqual(
    after.report.findings.map(({ fingerprint }) => fingerprint),
    others.map(({ fingerprint }) => fingerprint),
  )
  assert.equal(after.report.suppressed, before.report.suppressed + 1)
})

test('what would mend a finding is said, and nothing is written', async () => {
  await using folder = await createFolder({ 'compose.yaml': compose })
  const first = await auditByCommand(folder, signal)
  assert.ok(first.kind === 'audited')
  const found = first.report.findings.find(({ rule }) => rule === 'health/no-check')
  assert.equal(found?.isFixable, true)
  const fixes = [found.fingerprint, '0000000000000000']
  const answer = await auditByCommand({ ...folder, fixes }, signal)
  assert.ok(answer.kind === 'mended')
  assert.match(answer.preview.files[0]?.diff ?? '', /^\+ {2}db: .*healthcheck:/m)
  assert.deepEqual(
    answer.preview.skipped.map(({ fingerprint }) => fingerprint),
    [fixes[1]],
  )
  assert.equal(answer.preview.command, `keelson gaps --fix --finding ${found.fingerprint}`)
  const after = await auditByCommand(folder, signal)
  assert.ok(after.kind === 'audited')
  assert.deepEqual(after.report.findings, first.report.findings)
})

const refusals: [what: string, files: Readonly<Record<string, string>>, reason: RegExp][] = [
  ['a folder without compose files', { 'x.txt': '' }, /^There is no compose file in \//],
  [
    'settings that cannot be used',
    { 'compose.yaml': compose, '.keelson/gaps.yaml': 'rule: {}\n' },
    /gaps\.yaml:1:1: unknown key rule/,
  ],
]
for (const [what, files, reason] of refusals) {
  test(`refused with the reason: ${what}`, async () => {
    await using folder = await createFolder(files)
    const answer = await auditByCommand(folder, signal)
    assert.ok(answer.kind === 'refused')
    assert.match(answer.reason, reason)
  })
}

test('a folder that is gone is refused, and a file that does not load is a finding', async () => {
  const gone = await auditByCommand({ root: '/nowhere/at/all', files: [] }, signal)
  assert.ok(gone.kind === 'refused')
  assert.match(gone.reason, /^Error: ENOENT[^\n]*$/)
  await using folder = await createFolder({ 'compose.yaml': 'services:\n  web:\n    imagee: x\n' })
  const answer = await auditByCommand(folder, signal)
  assert.ok(answer.kind === 'audited')
  assert.equal(answer.report.findings[0]?.rule, 'compose/does-not-load')
  assert.ok(answer.watched.files.some(([path]) => path === 'compose.yaml'))
})

const work = { word: '__gaps', timeoutMs: 60_000, answerBytesMax: 16 * 1024 * 1024 }

test('an answer that is too large, and work that takes too long, are ended', async () => {
  await using folder = await createFolder({ 'compose.yaml': compose })
  const order = { ...folder, timeLimitMs: 20_000 }
  await assert.rejects(
    askOwnCommand({ ...work, order, answerBytesMax: 100 }),
    /^Error: it is larger than 100 bytes$/,
  )
  await assert.rejects(
    askOwnCommand({ ...work, order, timeoutMs: 1 }),
    /^Error: it took more than 0\.001 s$/,
  )
})

test('one that is called off is ended', async () => {
  await using folder = await createFolder({ 'compose.yaml': compose })
  const ending = new AbortController()
  const asked = askOwnCommand({ ...work, order: folder, signal: ending.signal })
  ending.abort()
  await assert.rejects(asked, /abort/i)
})
