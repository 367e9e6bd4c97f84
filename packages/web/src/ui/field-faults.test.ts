import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError } from '@keelson/sdk'
import { fieldOfPointer, withoutClaimed } from './field-faults.ts'

const refused = new ProblemError({
  ...{ type: 'about:blank', title: 'The request is malformed', status: 400, code: 'bad_request' },
  ...{ detail: 'The request is malformed: /body/name is too long', hint: '' },
  errors: [
    { message: 'is too long', pointer: '/body/name' },
    { message: 'is no network', pointer: '/body/networks/0' },
    { message: 'is not known', pointer: '/body' },
  ],
})

const told = (claimed: string[]) => {
  const { problem } = withoutClaimed(refused, new Set(claimed)) as ProblemError
  return [problem.detail, ...(problem.errors ?? []).map(({ message }) => message)]
}

test('a fault is about the field at the top of the body', () => {
  assert.equal(fieldOfPointer('/body/networks/0'), 'networks')
  assert.equal(fieldOfPointer('/body'), undefined)
  assert.equal(fieldOfPointer(), undefined)
})

test('what fields show is not told twice, and the rest is', () => {
  assert.deepEqual(told(['name']), [refused.problem.detail, 'is no network', 'is not known'])
  assert.equal(withoutClaimed(refused, new Set(['other'])), refused)
  const other = new Error('no')
  assert.equal(withoutClaimed(other, new Set(['name'])), other)
})

test('where fields show all of it, the form says where to look', () => {
  const { problem } = refused
  const named = new ProblemError({ ...problem, errors: (problem.errors ?? []).slice(0, 2) })
  const left = withoutClaimed(named, new Set(['name', 'networks'])) as ProblemError
  assert.equal(left.problem.detail, 'See the fields that are marked.')
  assert.deepEqual(left.problem.errors, [])
})
