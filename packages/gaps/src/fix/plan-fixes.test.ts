import assert from 'node:assert/strict'
import { chmod, symlink } from 'node:fs/promises'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import type { Rule } from '../rules/rule.ts'
import { createRepository } from '../testing/repository.ts'
import { planFixes, type FixOptions } from './plan-fixes.ts'
import { writeFixes } from './write-files.ts'

type Files = Readonly<Record<string, string>>

const planFor = async (root: string, ids: readonly string[], options: Partial<FixOptions> = {}) => {
  const found = await audit({ root, rules: rules.filter(({ id }) => ids.includes(id)) })
  return { found, plan: await planFixes({ root, audit: found, rules: ids, ...options }) }
}

/** The texts after a plan for these rules, and why the others were left. */
const mend = async (files: Files, ...ids: string[]) => {
  await using repository = await createRepository(files)
  const { plan } = await planFor(repository.root, ids)
  return {
    texts: Object.fromEntries(plan.files.map(({ file, after }) => [file, after])),
    skipped: plan.skipped.map(({ why }) => why),
  }
}

const api = '  api:\n    image: registry.example.com/api:1\n'

test('a check brings the waits for it along: nothing is left that it would bring to light', async () => {
  const { texts, skipped } = await mend(
    { 'compose.yaml': `services:\n${api}    depends_on: [db]\n  db:\n    image: postgres:17\n` },
    ...['health/no-check', 'health/wait-not-ready'],
  )
  assert.deepEqual(skipped, [])
  assert.match(texts['compose.yaml'] ?? '', /healthcheck:\n {6}test: \["CMD-SHELL", 'pg_isready/)
  assert.match(
    texts['compose.yaml'] ?? '',
    /depends_on: \{ db: \{ condition: service_healthy \} \}/,
  )
})

test('a suppression of what is mended goes with it', async () => {
  const { texts } = await mend(
    {
      'compose.yaml': `services:
${api}    depends_on: { cache: { condition: service_healthy } }
  cache:
    image: redis:7 # keelson-ignore health/no-check: later
`,
    },
    'health/wait-without-check',
  )
  assert.doesNotMatch(texts['compose.yaml'] ?? '', /keelson-ignore/)
  assert.match(texts['compose.yaml'] ?? '', /image: redis:7\n {4}healthcheck:/)
})

test('what would change another service too is left, with the reason', async () => {
  const { texts, skipped } = await mend(
    {
      'compose.yaml': `services:
  db:
    image: postgres:17
  copy:
    extends: db
    healthcheck: { disable: true }
`,
    },
    'resilience/memory-limit',
  )
  assert.deepEqual(Object.keys(texts), ['compose.yaml'])
  assert.match(texts['compose.yaml'] ?? '', /deploy/)
  assert.deepEqual(skipped, [])
  const base = await mend(
    {
      'compose.yaml': `services:
  db:
    image: postgres:17
  copy:
    extends: db
    image: registry.example.com/db:1
  cache:
    image: redis:8
`,
    },
    'resilience/memory-limit',
  )
  assert.match(base.texts['compose.yaml'] ?? '', /redis:8\n {4}deploy:/)
  assert.doesNotMatch(base.texts['compose.yaml'] ?? '', /postgres:17\n {4}deploy:/)
  assert.equal(base.skipped.length, 1)
  assert.match(base.skipped[0] ?? '', /would also change services\.copy\.deploy/)
})

test('what a service gets by what it extends is not written again, in any file or under any name', async () => {
  await using repository = await createRepository({
    'compose.yaml':
      'services:\n  db:\n    image: postgres:17\n  copy:\n    extends: db\n  again: { extends: { service: copy } }\n',
    'compose.build.yaml':
      'name: build\nservices:\n  db:\n    extends: { file: compose.yaml, service: db }\n',
    'dev/compose.yaml':
      'services:\n  store:\n    extends:\n      file: ../compose.yaml\n      service: db\n    ports: ["127.0.0.1:1:5432"]\n',
  })
  const { found, plan } = await planFor(repository.root, ['resilience/memory-limit'])
  assert.deepEqual(plan.skipped, [])
  assert.deepEqual(
    plan.files.map(({ file, after }) => [file, after.match(/memory: 4G/g)?.length]),
    [['compose.yaml', 1]],
  )
  const mended = plan.files.flatMap(({ fingerprints }) => fingerprints)
  assert.equal(mended.length, found.findings.length)
  assert.equal(mended.length, 4)
})

test('the finding names the figure that is written', async () => {
  await using repository = await createRepository({
    'compose.yaml': 'services:\n  db:\n    image: postgres:17\n  mq:\n    image: rabbitmq:4\n',
  })
  const { found, plan } = await planFor(repository.root, ['resilience/memory-limit'])
  const told = found.findings.map(({ fix }) => /memory: (\d+G)/.exec(fix)?.[1])
  const written = plan.files[0]?.after.match(/memory: \d+G/g)
  assert.deepEqual(
    written,
    told.map((figure) => `memory: ${figure}`),
  )
})

test('nobody is made to wait for a check that cannot work, also beside one that can', async () => {
  const { texts, skipped } = await mend(
    {
      'compose.yaml': `services:
${api}    depends_on: [db, cache]
  db:
    image: postgres:17
    healthcheck: { test: [CMD, pg_isready] }
  cache:
    image: redis:7
    healthcheck: { test: [CMD, curl, -f, "http://localhost:6379"] }
`,
    },
    'health/wait-not-ready',
  )
  assert.deepEqual(texts, {})
  assert.equal(skipped.length, 2)
  for (const why of skipped) {
    assert.match(why, /Mend the check of cache first \(health\/probe-program: .* runs curl/)
  }
})

test('values that anchors share are left', async () => {
  const { texts, skipped } = await mend(
    {
      'compose.yaml':
        'x-db: &db\n  image: postgres:17\nservices:\n  a: *db\n  b:\n    <<: *db\n    user: "1"\n',
    },
    'resilience/memory-limit',
  )
  assert.match(texts['compose.yaml'] ?? '', /user: "1"\n {4}deploy:/)
  assert.match(skipped.join(), /services\.a is what \*db stands for/)
})

test('each of several alternative files is mended, and an overlay is not', async () => {
  const db = 'services:\n  db:\n    image: postgres:17\n'
  const { texts } = await mend(
    {
      'compose.yaml': db,
      'compose.prod.yaml': 'services:\n  db:\n    ports: ["127.0.0.1:1:5432"]\n',
      'other.compose.yaml': `name: other\n${db}`,
    },
    'resilience/memory-limit',
  )
  assert.deepEqual(Object.keys(texts), ['compose.yaml', 'other.compose.yaml'])
})

test('a decision is taken by name only', async () => {
  const files = {
    'compose.yaml': 'services:\n  db:\n    image: postgres:17\n    ports: ["1:5432"]\n',
  }
  await using repository = await createRepository(files)
  const found = await audit({ root: repository.root })
  const { root } = repository
  const finding = found.findings.find(({ rule }) => rule === 'network/exposed')
  assert.ok(finding)
  const has = ({ files: planned }: Awaited<ReturnType<typeof planFixes>>) =>
    planned.some(({ after }) => after.includes('127.0.0.1:1:5432'))
  assert.ok(!has(await planFixes({ root, audit: found, rules: [] })))
  assert.ok(!has(await planFixes({ root, audit: found, rules: ['network'] })))
  assert.ok(has(await planFixes({ root, audit: found, rules: ['network/exposed'] })))
  const { fingerprint } = finding
  assert.ok(has(await planFixes({ root, audit: found, fingerprints: [fingerprint] })))
  const plan = await planFixes({ root, audit: found, fingerprints: ['0000'] })
  assert.deepEqual(plan, {
    files: [],
    skipped: [{ fingerprint: '0000', why: 'there is no such finding any more' }],
  })
})

const limit = 'resilience/memory-limit'
const stack = 'services:\n  db:\n    image: postgres:17\n'

test('links, read-only files and files that changed are left', async () => {
  await using linked = await createRepository({ 'files/x.yaml': stack })
  await symlink('files/x.yaml', linked.path('compose.yaml'))
  const { plan } = await planFor(linked.root, [limit])
  assert.match(plan.skipped.map(({ why }) => why).join(), /is a link/)
  assert.deepEqual(plan.files, [])

  await using closed = await createRepository({ 'compose.yaml': stack })
  await chmod(closed.path('compose.yaml'), 0o444)
  assert.match((await planFor(closed.root, [limit])).plan.skipped[0]?.why ?? '', /read-only/)

  await using moving = await createRepository({ 'compose.yaml': stack })
  const found = await audit({ root: moving.root })
  await moving.write('compose.yaml', `# new\n${stack}`)
  const late = await planFixes({ root: moving.root, audit: found })
  assert.deepEqual(late.files, [])
  assert.match(late.skipped.find(({ why }) => /changed/.test(why))?.why ?? '', /since it was read/)
})

test('a check is not added where it would not hold', async () => {
  const cases = [
    'redis:7\n    command: redis-server --port 7000',
    'mongo:4.4',
    'elasticsearch:8.19.0',
    'postgres:17\n    environment: { PGPORT: "6000" }',
    'traefik:v3.4',
    'nginx:${TAG}',
    'nginx:1.27-alpine',
  ]
  for (const image of cases) {
    const files = { 'compose.yaml': `services:\n  it:\n    image: ${image}\n` }
    assert.deepEqual((await mend(files, 'health/no-check')).texts, {}, image)
  }
})

test('a check that all variants of an image can run is added whatever the tag is', async () => {
  const files = { 'compose.yaml': 'services:\n  it:\n    image: redis:${TAG}\n' }
  const { texts } = await mend(files, 'health/no-check')
  assert.match(texts['compose.yaml'] ?? '', /redis-cli/)
  const nginx = { 'compose.yaml': 'services:\n  it:\n    image: nginx:${TAG}\n' }
  assert.doesNotMatch((await mend(nginx, 'health/no-check')).skipped.join(), /nginx.+status/)
})

const prometheus = `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
  cache-metrics:
    image: oliver006/redis_exporter:v1.74.0
`

/** For rules whose own examples hold nothing that takes no decision. */
const mendable: Readonly<Record<string, Files>> = {
  'missing/dockerfile': {
    'compose.yaml': 'services:\n  a: { build: ./a }\n  b: { build: ./b }\n',
    'a/package.json': '{ "name": "a", "scripts": { "start": "node main.js" } }',
    'a/main.js': 'require("http").createServer().listen(3000)\n',
    'b/requirements.txt': 'requests==2.32.4\n',
    'b/main.py': 'print(1)\n',
    'b/Dockerfile': '# later\n',
  },
  'configuration/unset-variable': {
    'compose.yaml': 'services:\n  api:\n    image: registry.example.com/api:${TAG}\n',
    '.env.example': '# nothing yet\n',
  },
  'observability/not-scraped': {
    'compose.yaml': prometheus,
    'prometheus.yml':
      'scrape_configs:\n  - job_name: prometheus\n    static_configs: [{ targets: ["localhost:9090"] }]\n',
  },
}

const casesOf = ({ id, examples }: Rule): readonly { title: string; files: Files }[] => [
  ...examples.filter(({ finds }) => finds.length > 0),
  ...(mendable[id] === undefined ? [] : [{ title: 'mendable', files: mendable[id] }]),
]

for (const rule of rules) {
  if (rule.fixable === undefined) {
    test(`${rule.id} has no edits, as it says`, async () => {
      for (const { files } of rule.examples) {
        await using repository = await createRepository(files)
        const { findings } = await audit({ root: repository.root, rules: [rule] })
        assert.ok(findings.every(({ edits }) => edits.length === 0))
      }
    })
    continue
  }
  test(`${rule.id}: its mend takes the finding away, and made twice changes nothing`, async () => {
    let mended = 0
    for (const { files, title } of casesOf(rule)) {
      await using repository = await createRepository(files)
      const { root } = repository
      const { found, plan } = await planFor(root, [rule.id])
      await writeFixes(root, plan.files)
      const done = new Set(plan.files.flatMap(({ fingerprints }) => fingerprints))
      mended += done.size
      const again = await planFor(root, [rule.id])
      const left = again.found.findings.filter(({ fingerprint }) => done.has(fingerprint))
      assert.deepEqual(left, [], title)
      assert.equal(done.size + plan.skipped.length, found.findings.length, title)
      assert.deepEqual(again.plan.files, [], title)
    }
    assert.ok(mended > 0, 'an example of it can be mended')
  })
}

test('without time nothing is made', async () => {
  await using repository = await createRepository({ 'compose.yaml': stack })
  const { plan } = await planFor(repository.root, [limit], { timeLimitMs: -1 })
  assert.deepEqual(plan.files, [])
  assert.match(plan.skipped[0]?.why ?? '', /no time was left/)
})
