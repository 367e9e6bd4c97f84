import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import { validatorCompiler } from './validation.ts'

type Result = { value?: unknown; error?: Error & { validation: unknown[] } }

const validate = (httpPart: string, schema: TSchema, given: unknown): Result =>
  (validatorCompiler({ schema, httpPart, method: 'GET', url: '/' }) as (given: unknown) => Result)(
    given,
  )

const Query = Type.Object({
  stack: Type.Optional(Type.String()),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
  dryRun: Type.Optional(Type.Boolean()),
})

const taken: [string, unknown, object][] = [
  ['nothing', undefined, { limit: 200 }],
  ['an empty query', {}, { limit: 200 }],
  ['a number as text', { limit: '5' }, { limit: 5 }],
  ['true as text', { dryRun: 'true' }, { limit: 200, dryRun: true }],
  ['false as text', { dryRun: 'false' }, { limit: 200, dryRun: false }],
  ['digits where text is meant', { stack: '007' }, { limit: 200, stack: '007' }],
]
for (const [what, given, value] of taken) {
  test(`a query of ${what} is read`, () => {
    assert.deepEqual(validate('querystring', Query, given), { value })
  })
}

const refused: [string, unknown][] = [
  ['text for a number', { limit: 'many' }],
  ['too little', { limit: '0' }],
  ['too much', { limit: '1001' }],
  ['two of one', { stack: ['a', 'b'] }],
  ['neither true nor false', { dryRun: 'maybe' }],
]
for (const [what, given] of refused) {
  test(`a query with ${what} is refused`, () => {
    const { error } = validate('querystring', Query, given)
    assert.ok((error?.validation.length ?? 0) > 0)
  })
}

test('a body is taken as it is: nothing is converted or filled in', () => {
  const given = { limit: 5, more: 1 }
  assert.equal(validate('body', Query, given).value, given)
  assert.ok(validate('body', Query, { limit: '5' }).error)
  assert.ok(validate('body', Query, {}).error)
})

const times: [string, boolean][] = [
  ['2026-11-21T05:00:00Z', true],
  ['2026-11-21T05:00:00.123+01:00', true],
  ['2026-11-21', false],
  ['2026-13-21T05:00:00Z', false],
  ['21.11.2026', false],
]
for (const [text, isTime] of times) {
  test(`${text} is ${isTime ? 'a' : 'no'} time`, () => {
    const { error } = validate('body', Type.String({ format: 'date-time' }), text)
    assert.equal(error === undefined, isTime)
  })
}

test('at most 50 faults are collected', () => {
  const given = Array.from({ length: 500 }, (_, n) => String(n))
  const { error } = validate('body', Type.Array(Type.Integer()), given)
  assert.ok(error !== undefined && error.validation.length <= 50)
})
