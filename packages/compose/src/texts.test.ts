import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ComposeError, loadProject } from './index.ts'

test('texts stand in for files: compose files, includes and env files, with their own places', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'keelson-compose-'))
  try {
    await writeFile(join(cwd, 'compose.yaml'), 'services:\n  web: { image: "web:1" }\n')
    const load = (texts: Record<string, string>) =>
      loadProject({
        ...{ cwd, env: {}, confineTo: cwd, projectName: 'x' },
        texts: new Map(Object.entries(texts).map(([file, text]) => [join(cwd, file), text])),
      })
    assert.equal((await load({})).services['web']?.image, 'web:1')
    const project = await load({
      'compose.yaml': 'include: [other.yaml]\n',
      'other.yaml': 'services:\n  web: { image: "web:${TAG}" }\n',
      '.env': 'TAG=2\n',
    })
    assert.equal(project.services['web']?.image, 'web:2')
    assert.ok(project.sources.includes(join(cwd, 'other.yaml')))
    await assert.rejects(
      load({ 'compose.yaml': 'services:\n  web:\n    imagee: x\n' }),
      (error) => error instanceof ComposeError && error.diagnostics[0]?.line === 3,
    )
    await assert.rejects(
      load({ 'compose.yaml': 'include: [../outside.yaml]\n', '../outside.yaml': 'services: {}\n' }),
      /outside of/,
    )
  } finally {
    await rm(cwd, { recursive: true })
  }
})
