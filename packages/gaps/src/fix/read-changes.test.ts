import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { createRepository } from '../testing/repository.ts'
import { readChanges } from './read-changes.ts'

test('a report can propose the lines of each mend, but none that hold a secret', async () => {
  await using repository = await createRepository({
    'compose.yaml': `services:
  db:
    image: postgres:17
  cache: { image: "redis:7", environment: { API_TOKEN: abcdefgh12345678 } }
`,
  })
  const found = await audit({ root: repository.root })
  const changesOf = await readChanges(found, found.findings)
  const lines = (service: string) => {
    const finding = found.findings.find(
      (one) => one.rule === 'health/no-check' && one.service === service,
    )
    assert.ok(finding)
    return changesOf(finding)
  }
  assert.deepEqual(lines('db'), [
    {
      file: 'compose.yaml',
      lines: [
        {
          ...{ from: 4, to: 3 },
          text: `    healthcheck:
      test: ["CMD-SHELL", 'pg_isready -U "$\${POSTGRES_USER:-postgres}"']
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
`,
        },
      ],
    },
  ])
  assert.deepEqual(lines('cache'), [])
})
