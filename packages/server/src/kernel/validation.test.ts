import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, AuditExport } from '@keelson/contract'
import { Type, type TSchema } from 'typebox'
import { problemOf } from './problem.ts'
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
  ['2028-02-29T23:59:59+14:00', true],
  ['2027-02-29T05:00:00Z', false],
  ['2027-02-30T05:00:00+02:00', false],
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

/** What people are told of a request that is refused. */
const toldOf = (httpPart: string, schema: TSchema, given: unknown) => {
  const { detail, hint, errors } = problemOf(validate(httpPart, schema, given).error, {
    ...{ instance: '/', id: 'r-1' },
  })
  return { detail, hint, faults: errors?.map(({ message }) => message) }
}

const { inviteUser, createTeam, putRole, createGrant, updateUser } = api
const name = 'name: a name has letters, digits and . _ - only, and begins with a letter or digit'
const role = 'role: a role has lower-case letters, digits and - only, and begins with a letter'
const labels = 'on/labels: labels name one label at least; leave them out where they do not matter'
const owner = 'on/owner: an owner has a name; leave it out where it does not matter'
const grant = { user: 'zoe', role: 'administrator' }
const plain: [schema: TSchema, given: object, detail: string][] = [
  [inviteUser.body, { name: 'a b' }, name],
  [inviteUser.body, { name: 'mia', email: 'x' }, 'email: must be an e-mail address'],
  [updateUser.body, { email: 'x' }, 'email: must be an e-mail address'],
  [createTeam.body, { name: 'x y' }, name],
  [putRole.params, { role: 'bad name' }, role],
  [createGrant.body, { ...grant, on: { labels: {} } }, labels],
  [createGrant.body, { ...grant, on: { owner: '' } }, owner],
  [AuditExport, { outcome: 'foo' }, 'outcome: must be one of: done, denied, failed'],
  [AuditExport, { format: 'xml' }, 'format: must be one of: jsonl, csv'],
  [
    AuditExport,
    { object: 'nonsense' },
    'object: an object is written kind:name, as service:shop/web or user:ana',
  ],
  [
    AuditExport,
    { action: 'foo.bar' },
    'action: there is no such action; AuditRow in docs/reference/api.md has all of them',
  ],
]
for (const [schema, given, detail] of plain) {
  test(`${JSON.stringify(given)} is refused in words`, () => {
    assert.deepEqual(toldOf('querystring', schema, given), {
      ...{ detail, hint: 'Give it as the message says.' },
      faults: [detail.slice(detail.indexOf(' ') + 1)],
    })
  })
}

test('what only the schema explains leads there', () => {
  const { detail, hint } = toldOf('body', createTeam.body, {})
  assert.match(detail, /malformed: \/body must have required properties name$/)
  assert.match(hint, /openapi\.json/)
})
