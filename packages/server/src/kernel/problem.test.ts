import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable, isErrorCode, Problem } from '@keelson/contract'
import { Value } from 'typebox/value'
import { AppError } from './errors.ts'
import { problemOf } from './problem.ts'

const request = { instance: '/api/v1/timeline', id: 'r-1' }

test('every code becomes a problem of the contract', () => {
  const codes = Object.keys(errorTable).filter(isErrorCode)
  for (const code of codes) {
    const problem = problemOf(new AppError(code, { message: 'What happened' }), request)
    assert.ok(Value.Check(Problem, problem), code)
    assert.deepEqual(problem, {
      type: `urn:keelson:problem:${code}`,
      title: errorTable[code].title,
      status: errorTable[code].status,
      detail: 'What happened',
      instance: request.instance,
      code,
      hint: errorTable[code].hint,
      requestId: 'r-1',
    })
  }
})

test('facts of an error other than its sentence stay inside', () => {
  const error = new AppError('port_taken', { message: 'Taken', pid: 42 }, { cause: new Error('x') })
  assert.doesNotMatch(JSON.stringify(problemOf(error, request)), /42|"cause"|stack/)
})

test('at most 200 faults are told', () => {
  const errors = Array.from({ length: 300 }, (_, n) => ({ message: `fault ${n}` }))
  const problem = problemOf(new AppError('stack_invalid', {}, { errors }), request)
  assert.equal(problem.errors?.length, 200)
  assert.ok(Value.Check(Problem, problem))
})

const secretive: [string, unknown][] = [
  ['an error', new Error('password is hunter2')],
  ['a programming mistake', new TypeError('hunter2 is not a function')],
  ['a thrown string', 'hunter2'],
  ['nothing', undefined],
  ['a status of its own', Object.assign(new Error('hunter2'), { statusCode: 500 })],
  ['an error of a library', Object.assign(new Error('hunter2'), { statusCode: 404, code: 'E' })],
  ['a system error', Object.assign(new Error('open /root/hunter2'), { code: 'ENOENT' })],
]
for (const [what, thrown] of secretive) {
  test(`${what} that nobody knows tells nothing`, () => {
    const problem = problemOf(thrown, request)
    assert.equal(problem.code, 'internal')
    assert.equal(problem.status, 500)
    assert.doesNotMatch(JSON.stringify(problem), /hunter2|stack|problem\.test/)
  })
}
