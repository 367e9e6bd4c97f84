import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { audit } from '../audit.ts'

const readStack = async (files: Readonly<Record<string, string>>, folder = '') => {
  const root = await mkdtemp(join(tmpdir(), 'keelson-gaps-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(root, dirname(file)), { recursive: true })
      await writeFile(join(root, file), text)
    }
    const { systems } = await audit({ root, rules: [] })
    return systems.find((system) => system.folder === folder)
  } finally {
    await rm(root, { recursive: true })
  }
}

const compose =
  'services:\n  a:\n    image: a:${TAG}\n    env_file: [{ path: conf/a.env, required: false }]\n'

test('files of the folder and those that services name; examples and ignored ones are marked', async () => {
  const system = await readStack(
    {
      'app/compose.yaml': compose,
      'app/.env': 'TAG=1\n',
      'app/.env.example': 'TAG=\n',
      'app/conf/a.env': 'X=1\nX=2\n',
      'app/other/.env': 'Y=1\n',
      '.gitignore': '# all\n.env\n',
    },
    'app',
  )
  const seen = system?.envFiles.map(({ file, isExample, isIgnored, services }) => [
    file,
    isExample,
    isIgnored,
    services,
  ])
  assert.deepEqual(seen, [
    ['app/.env', false, true, []],
    ['app/.env.example', true, false, []],
    ['app/conf/a.env', false, false, ['a']],
  ])
  assert.deepEqual(
    system?.variables.map(({ name, given }) => [name, given?.value]),
    [['TAG', '1']],
  )
})

test('the last line of the nearest .gitignore that matches decides', async () => {
  const system = await readStack(
    {
      'app/compose.yaml': compose,
      'app/.env': 'TAG=1\n',
      'app/conf/a.env': 'X=1\n',
      '.gitignore': '**/*.env\n.env*\n!/app/.env\n',
      'app/.gitignore': 'conf/*\n',
    },
    'app',
  )
  assert.deepEqual(
    system?.envFiles.map(({ file, isIgnored }) => [file, isIgnored]),
    [
      ['app/.env', false],
      ['app/conf/a.env', true],
    ],
  )
})

test('a script beside the compose file is told as the one that may give a variable', async () => {
  const system = await readStack({
    'compose.yaml': compose,
    'up.sh': '#!/bin/sh\n  export TAG=1\n',
    'sub/other.sh': 'TAG=2\n',
  })
  assert.deepEqual(system?.variables[0]?.namedBy, { file: 'up.sh', line: 2, column: 10 })
})
