import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import { createRepository } from '../testing/repository.ts'

/** The rule that every case is about, with those that speak about suppressions. */
const some = rules.filter(({ id }) => id === 'health/no-check' || id.startsWith('suppression/'))

const find = async (files: Record<string, string>, now = new Date('2026-11-21T12:00:00Z')) => {
  await using repository = await createRepository(files)
  const { findings, suppressed } = await audit({ root: repository.root, rules: some, now })
  return {
    rules: findings.map(({ rule, evidence: [fact] }) => `${rule} ${fact?.file}:${fact?.line}`),
    reasons: suppressed.map(({ by }) => by.reason),
  }
}

const stack = (above: string, inline = '') =>
  `services:\n${above}  db:${inline}\n    image: postgres:17\n`

test('on the line above, on the line itself, and below other comments', async () => {
  for (const text of [
    stack('  # keelson-ignore health/no-check: asked elsewhere\n'),
    stack('', ' # keelson-ignore health/no-check: asked elsewhere'),
    stack('  # keelson-ignore health: asked elsewhere\n\n  # the database\n'),
    stack('  # keelson-ignore network, health/*: asked elsewhere\n'),
  ]) {
    const { rules: left, reasons } = await find({ 'compose.yaml': text })
    assert.deepEqual(left, [], text)
    assert.deepEqual(reasons, ['asked elsewhere'])
  }
})

test('it may stand on either side of the evidence', async () => {
  const dockerfile = '# keelson-ignore health/no-check: a batch\nFROM postgres:17\n'
  const { rules: left } = await find({
    'compose.yaml': 'services:\n  db:\n    build: .\n',
    Dockerfile: dockerfile,
  })
  assert.deepEqual(left, [])
})

test('another line, another rule: nothing is left out, and it is told', async () => {
  const elsewhere = `# keelson-ignore health/no-check: the wrong place\n${stack('')}`
  assert.deepEqual((await find({ 'compose.yaml': elsewhere })).rules, [
    'suppression/stale compose.yaml:1',
    'health/no-check compose.yaml:3',
  ])
})

test('it holds until the end of its day wherever one is, and then no longer', async () => {
  const text = stack('  # keelson-ignore health/no-check until 2026-11-21: soon\n')
  const on = (day: string) => find({ 'compose.yaml': text }, new Date(day))
  assert.deepEqual((await on('2026-11-22T10:00:00Z')).rules, [])
  assert.deepEqual((await on('2026-11-22T13:00:00Z')).rules, [
    'suppression/stale compose.yaml:2',
    'health/no-check compose.yaml:3',
  ])
})

test('over, with what it names still there: told so, and left for whoever decides', async () => {
  const open = (comment: string) =>
    `services:\n  # keelson-ignore network/exposed${comment}: soon\n  db:\n    image: postgres:17\n    ports: ["5432:5432"]\n`
  const above = stack('  # keelson-ignore health/no-check until 2026-01-01: soon\n')
  const cases: [text: string, says: RegExp][] = [
    [above, /ended on 2026-01-01: it is over, and the finding counts again/],
    [open(' until 2026-01-01'), /it is over, and the finding on line 5 counts again/],
    [open(''), /matches nothing on line 3/],
  ]
  for (const [text, says] of cases) {
    await using repository = await createRepository({ 'compose.yaml': text })
    const { findings } = await audit({ root: repository.root, now: new Date('2026-11-21') })
    const stale = findings.find(({ rule }) => rule === 'suppression/stale')
    assert.match(stale?.message ?? '', says)
    assert.doesNotMatch(stale?.fix ?? '', /Remove/)
    assert.deepEqual(stale?.edits, [], text)
  }
})

test('over, with nothing of it left: it can go', async () => {
  const text = stack('  # keelson-ignore network/exposed until 2026-01-01: soon\n')
  await using repository = await createRepository({ 'compose.yaml': text })
  const { findings } = await audit({ root: repository.root, now: new Date('2026-11-21') })
  const stale = findings.find(({ rule }) => rule === 'suppression/stale')
  assert.match(stale?.fix ?? '', /nothing left that it would leave out/)
  assert.equal(stale?.edits.length, 1)
})

test('without a reason it is refused', async () => {
  for (const words of ['health/no-check', 'health/no-check:', 'health/no-check until 2027-01-01']) {
    const { rules: left } = await find({ 'compose.yaml': stack(`  # keelson-ignore ${words}\n`) })
    assert.deepEqual(left, [
      'suppression/no-reason compose.yaml:2',
      'health/no-check compose.yaml:3',
    ])
  }
})

test('text that only mentions the mark is no suppression', async () => {
  const { rules: left } = await find({
    'compose.yaml': `services:
  web:
    image: registry.example.com/web:1
    command: ["say", "keelson-ignore health/no-check: x"]
    labels: { note: "see#keelson-ignore" }
`,
    'docs.md': 'Write `<!-- keelson-ignore x -->` above.\n\n~~~yaml\n# keelson-ignore x\n~~~\n',
  })
  assert.deepEqual(left, [])
})

test('ten thousand comments above one line end soon', async () => {
  const many = '  # keelson-ignore health/no-check: again\n'.repeat(9000)
  const { rules: left, reasons } = await find({ 'compose.yaml': stack(many) })
  assert.deepEqual(left, [])
  assert.equal(reasons.length, 1)
})
