import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable, type ErrorCode } from '@keelson/contract'
import { exitCodeOf } from './exit-code.ts'

const expected: [ErrorCode, number][] = [
  ['not_found', 3],
  ['stack_not_found', 3],
  ['service_not_found', 3],
  ['unauthenticated', 4],
  ['forbidden', 4],
  ['revision_conflict', 5],
  ['stack_folder_conflict', 5],
  ['plan_outdated', 5],
  ['stack_invalid', 2],
  ['command_not_found', 2],
  ['image_unavailable', 2],
  ['port_taken', 2],
  ['engine_unavailable', 2],
  ['disk_full', 2],
  ['env_unknown', 2],
  ['platform_unreachable', 1],
  ['internal', 1],
  ['database_unavailable', 1],
]

for (const [code, exitCode] of expected) {
  test(`${code} ends with ${exitCode}`, () => {
    assert.equal(exitCodeOf({ code, status: errorTable[code].status }), exitCode)
  })
}

test('a code of a newer platform is mapped by its status', () => {
  assert.equal(exitCodeOf({ code: 'not_known_yet', status: 404 }), 3)
})
