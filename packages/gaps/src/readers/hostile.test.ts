import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readDockerfile } from './dockerfile.ts'
import { createCodeReaders } from './code.ts'
import { manifestReader } from './manifests.ts'
import { operationsReaders } from './operations.ts'

/**
 * Texts that are made to be slow: what takes the square of its length takes minutes at this size.
 * The limit of each test is the deadline.
 */
const size = 200_000
const limit = { timeout: 60_000 }

const units = [
  ...['|', '[', '![', '**[', '[`', '`', '*a _b ', '- ', '> ', '&amp; `a` ', '<', '<!--', '\\'],
  ...['\n|-|-|\n', '\n- a\n  - b\n', '- `a` three services\n', '[a](b) ', '├── ', '```\n'],
  ...['{', '${', '"', "'", '(', ': ', '- a: ', '[[', 'a && ', '\\\n', '#', '# a\n', '$ ', '\t'],
  ...['process.env.A ', 'os.environ[', 'location / {', 'sum(', '<a>', 'a=1 ', 'http://localhost:'],
]

const files = [
  ...['README.md', 'nginx.conf', 'Caddyfile', 'config.alloy', 'fluent.conf', 'dashboard.json'],
  ...['prometheus.yml', 'otel.yaml', 'package.json', 'pom.xml', 'build.gradle', 'go.mod'],
  ...['requirements.txt', 'pyproject.toml', 'Cargo.toml', 'Gemfile', 'Makefile', 'main.ts'],
  ...['main.py', 'Main.java', 'main.go', 'Main.cs', '.github/workflows/ci.yml'],
]

describe('no text is slow to read', () => {
  for (const file of files) {
    test(file, limit, async () => {
      for (const unit of units) {
        const text = `x: ${unit.repeat(size / unit.length)}`
        for (const reader of [...operationsReaders, manifestReader, ...createCodeReaders()]) {
          if (reader.wants(file)) await reader.read(file, text)
        }
      }
    })
  }
  test('Dockerfile', limit, () => {
    for (const unit of units) {
      const text = unit.repeat(90_000 / unit.length)
      for (const head of ['', 'FROM a\nRUN ']) readDockerfile('Dockerfile', head + text, new Map())
    }
  })
})

test('what follows a wall of brackets is read', async () => {
  const [reader] = createCodeReaders().filter(({ name }) => name === 'markdown')
  const text = `# Shop\n\n${'[x](y.md) '.repeat(1000)}\n\nSee [the runbook](docs/runbook.md).\n`
  const facts = await reader?.read('README.md', text)
  const claims = facts?.document?.claims ?? []
  assert.ok(claims.some((claim) => claim.kind === 'path' && claim.path === 'docs/runbook.md'))
})
