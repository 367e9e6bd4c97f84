import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadProject } from './index.ts'
import { chainOf, write } from './testing.ts'

test('every value knows its chain of origin', async () => {
  const cwd = write({
    '.env': '\nPORT=9000\n',
    'api.env': 'FROM_FILE=1\nBOTH=file\n',
    'compose.yaml': `x-health: &health
  interval: 30s
services:
  api:
    image: api:\${TAG:-1}
    env_file: api.env
    environment:
      - URL=http://db:\${PORT}/\${SHELL_VAR}
      - BOTH=own
      - SHELL_VAR
    healthcheck:
      <<: *health
      test: "true"
`,
  })
  const project = await loadProject({ cwd, env: { SHELL_VAR: 'x' } })
  const places = (path: string) => chainOf(project, path)
  assert.deepEqual(places('services.api.image'), [
    'compose.yaml:5:12',
    'compose.yaml:5:12 default of ${TAG:-…}',
  ])
  assert.deepEqual(places('services.api.environment.URL'), [
    'compose.yaml:8:9',
    '.env:2:1 env file variable PORT',
    'environment:0:0 shell variable SHELL_VAR',
  ])
  assert.deepEqual(places('services.api.environment.SHELL_VAR'), [
    'compose.yaml:10:9',
    'environment:0:0 shell variable SHELL_VAR',
  ])
  assert.deepEqual(places('services.api.environment.FROM_FILE'), [
    'compose.yaml:6:15',
    'api.env:1:1 env file variable FROM_FILE',
  ])
  assert.deepEqual(places('services.api.environment.BOTH'), [
    'compose.yaml:9:9',
    'api.env:2:1 overrides, env file variable BOTH',
  ])
  assert.deepEqual(places('services.api.healthcheck.interval'), [
    'compose.yaml:12:11 alias *health',
    'compose.yaml:2:13 anchor health',
  ])
  assert.deepEqual(places('services.api.restart'), ['compose.yaml:5:5 default'])
  assert.deepEqual(places('nowhere'), [])
  assert.equal(project.services['api']?.environment['URL'], 'http://db:9000/x')
})
