import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { conformanceDir, missingConformance } from './conformance.ts'
import { canonicalModel, loadProject } from './index.ts'

const folder = `${conformanceDir}/compose/golden`

for (const name of ['merge-fragments', 'runtime-flags', 'web-stack']) {
  const skip = missingConformance(`compose/golden/${name}.yaml`)
  const load = () =>
    loadProject({
      cwd: folder,
      files: [`${name}.yaml`],
      env: { GOLDEN_TAG: '1.2.3', GOLDEN_PORT: '8080' },
      projectName: 'golden',
      profiles: ['*'],
      consistency: 'warning',
      resolvePaths: false,
    })

  test(`golden ${name}: the model as JSON`, { skip }, async () => {
    const wanted: unknown = JSON.parse(readFileSync(`${folder}/${name}.golden.json`, 'utf8'))
    assert.deepEqual(canonicalModel(await load()), wanted)
  })

  test(`golden ${name}: the model as YAML`, { skip }, async () => {
    const wanted: unknown = parse(readFileSync(`${folder}/${name}.golden.yaml`, 'utf8'))
    assert.deepEqual(canonicalModel(await load(), { form: 'yaml' }), wanted)
  })
}
