import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, permissions, type Endpoint } from '@keelson/contract'
import { openApiDocument } from './openapi.ts'

type Operation = {
  operationId: string
  'x-permission': string
  security?: unknown[]
  parameters: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: object
  responses: Record<string, object>
}
type Document = {
  openapi: string
  info: { version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

const document = openApiDocument('1.2.3') as unknown as Document
const endpoints = Object.entries<Endpoint>(api)

const operationOf = ({ path, method }: Endpoint): Operation | undefined =>
  document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]

test('the document holds every endpoint of the contract with its permission', () => {
  for (const [name, endpoint] of endpoints) {
    const operation = operationOf(endpoint)
    assert.equal(operation?.operationId, name)
    assert.equal(operation['x-permission'], endpoint.permission)
    assert.ok(permissions.includes(endpoint.permission))
    assert.equal(operation.requestBody !== undefined, endpoint.body !== undefined, name)
    assert.ok(operation.responses[endpoint.response === null ? '204' : '200'] !== undefined, name)
    assert.equal(operation.security?.length === 0, endpoint.permission === 'public', name)
  }
})

test('every place in a path is a required parameter, and nothing else is in it', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    for (const { parameters = [] } of Object.values(methods)) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path')
      assert.deepEqual(inPath.map(({ name }) => name).sort(), places.sort(), path)
      assert.ok(inPath.every(({ required }) => required))
    }
  }
})

test('a query parameter with a default may be left out', () => {
  const limit = operationOf(api.listServices)?.parameters.find(({ name }) => name === 'limit')
  assert.equal(limit?.required, false)
  assert.deepEqual(limit.schema, { type: 'integer', minimum: 1, maximum: 1000, default: 200 })
})

test('no two operations share an id', () => {
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  assert.equal(new Set(ids).size, ids.length)
})

test('every reference leads to a schema, and every schema is referred to', () => {
  const text = JSON.stringify(document)
  const wanted = new Set(
    [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, id = '']) => id),
  )
  assert.deepEqual([...wanted].sort(), Object.keys(document.components.schemas).sort())
  assert.doesNotMatch(text, /"\$id"|"~/)
})

test('the document says its own version and the one of OpenAPI', () => {
  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
})
