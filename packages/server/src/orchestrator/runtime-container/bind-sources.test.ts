import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MountSpec } from '@keelson/contract'
import { serviceSpec, stackSpec } from '../testing/spec.ts'
import { bindFaultsWithoutEngine } from './bind-sources.ts'
import { containerOf } from './container-bench.ts'

const bind = { kind: 'bind', target: '/x', readOnly: false } as const
const mounts: MountSpec[] = [
  { ...bind, source: '/', createHostPath: false },
  { ...bind, source: './made', createHostPath: true },
  { ...bind, source: './nope', createHostPath: false },
]
const at = { file: '/no-such-folder/compose.yaml', line: 7, column: 9 }
const api = serviceSpec('api', {
  ...{ runtime: 'container', container: containerOf({ mounts }) },
  origins: { 'volumes.2': [at] },
})
const stack = stackSpec('shop', [api], { workingDir: '/no-such-folder' })

test('without an engine, a bind that must be there is told', async (t) => {
  if (process.platform !== 'linux') return t.skip('other systems have their engine elsewhere')
  process.env['DOCKER_HOST'] = 'unix:///var/run/docker.sock'
  const [fault, ...others] = await bindFaultsWithoutEngine(stack, false)
  assert.match(fault?.message ?? '', /^\/no-such-folder\/nope does not exist/)
  assert.deepEqual([fault?.origin, others], [at, []])
  assert.deepEqual(await bindFaultsWithoutEngine(stack, true), [], 'the engine has other files')
  process.env['DOCKER_HOST'] = 'tcp://engine.example:2375'
  assert.deepEqual(await bindFaultsWithoutEngine(stack, false), [], 'the engine is elsewhere')
})
