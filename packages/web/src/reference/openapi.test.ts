import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixtureOpenApi } from '../test-fixture/fixture-openapi.ts'
import { groupOperations, limitsOf, typeOf, type OpenApi, type Schema } from './openapi.ts'

const types: [Schema, string][] = [
  [{ type: 'string', format: 'date-time' }, 'string (date-time)'],
  [{ type: 'array', items: { $ref: '#/components/schemas/Stack' } }, 'array of Stack'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
  [{ enum: ['a', 'b'] }, '"a" | "b"'],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, 'map of integer'],
  [{ type: 'object', patternProperties: { '^.*$': { type: 'integer' } } }, 'map of integer'],
  [{ type: ['string', 'null'] }, 'string | null'],
  [{}, 'anything'],
]
for (const [schema, text] of types) {
  test(`${JSON.stringify(schema)} reads ${text}`, () => assert.equal(typeOf(schema), text))
}

test('bounds read as a phrase', () => {
  assert.equal(limitsOf({ minimum: 1, maximum: 5, default: 2 }), '1 to 5, default 2')
  assert.equal(limitsOf({ type: 'string' }), '')
})

test('every operation of the contract is in one group', () => {
  const groups = groupOperations(fixtureOpenApi() as unknown as OpenApi)
  const names = groups.flatMap(([, entries]) =>
    entries.map(({ operation }) => operation.operationId),
  )
  assert.ok(names.includes('removeStack') && names.includes('getServiceLogs'))
  assert.equal(new Set(names).size, names.length)
})
