import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makefileReader } from './ci-makefile.ts'
import { ciReader } from './ci.ts'

const commandsIn = async (file: string, text: string): Promise<string[]> =>
  ((await ciReader.read(file, text))?.ci?.commands ?? []).map(
    ({ line, column, command }) => `${line}:${column} ${command}`,
  )

test('steps of a workflow, each line of a block at its place', async () => {
  const text = `on: push
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - name: all
        run: |
          make build

          # not this
            docker compose up -d
`
  assert.ok(ciReader.wants('.github/workflows/ci.yml'))
  assert.deepEqual(await commandsIn('.github/workflows/ci.yml', text), [
    ...['6:14 npm ci', '9:11 make build', '12:13 docker compose up -d'],
  ])
})

test('scripts of GitLab', async () => {
  const text = 'test:\n  before_script:\n    - npm ci\n  script:\n    - npm test\n    - "make x"\n'
  assert.deepEqual(await commandsIn('.gitlab-ci.yml', text), [
    '3:7 npm ci',
    '5:7 npm test',
    '6:7 make x',
  ])
})

test('files that are no pipeline, or cannot be read, say nothing', async () => {
  assert.ok(!ciReader.wants('compose.yaml'))
  assert.deepEqual(await commandsIn('.gitlab-ci.yml', 'script: [}'), [])
})

test('targets of a Makefile; none when they come from elsewhere', async () => {
  const scriptsIn = async (text: string) =>
    (await makefileReader.read('Makefile', text))?.manifest?.scripts
  const scripts = await scriptsIn(
    'A := 1\n.PHONY: up\nup down: x\n\techo a: b\nbuild-all::\n\ttrue\n',
  )
  assert.deepEqual([...(scripts?.keys() ?? [])], ['up', 'down', 'build-all'])
  assert.equal(scripts?.get('build-all')?.line, 5)
  assert.equal(await scriptsIn('include x.mk\nup:\n'), undefined)
  assert.equal(await scriptsIn('build-%:\n\ttrue\n'), undefined)
})
