import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor, systemActor } from '../kernel/actor.ts'
import { byWhom } from './by-whom.ts'

test('people and programs are named, and the command line is told', () => {
  assert.equal(byWhom({ kind: 'user', name: 'ana' }), 'ana')
  assert.equal(byWhom({ kind: 'service_account', name: 'deploy' }), 'deploy')
  assert.equal(byWhom(systemActor), 'keelson')
  assert.equal(byWhom(localActor), 'the local command line')
})
