import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'
import { api } from './api.ts'
import type { Endpoint } from './endpoint.ts'
import { permissions } from './permissions.ts'

const endpoints = Object.entries<Endpoint>(api)

const propertiesOf = (schema: TSchema | undefined): Record<string, TSchema> =>
  schema !== undefined && 'properties' in schema
    ? (schema.properties as Record<string, TSchema>)
    : {}

/** Schemas with a name, at any depth. */
const named = (value: unknown): [string, string][] => {
  if (typeof value !== 'object' || value === null) return []
  const own = '$id' in value ? [[String(value.$id), JSON.stringify(value)] as [string, string]] : []
  return [...own, ...Object.values(value).flatMap(named)]
}

test('no two endpoints share method and path', () => {
  const places = endpoints.map(([, { method, path }]) => `${method} ${path}`)
  assert.equal(new Set(places).size, places.length)
})

for (const [name, endpoint] of endpoints) {
  const { method, path, permission, params, body, summary } = endpoint
  test(`${name}: path, parameters and body fit each other`, () => {
    assert.match(path, /^\/api\/v1(\/(:\w+|[a-z-]+))+$/)
    const places = [...path.matchAll(/:(\w+)/g)].map(([, place = '']) => place)
    assert.deepEqual(Object.keys(propertiesOf(params)).sort(), places.sort())
    assert.ok(permissions.includes(permission))
    assert.match(summary, /^[A-Z][^.]*[^.]$/)
    if (method === 'GET' || method === 'DELETE') assert.equal(body, undefined)
  })

  test(`${name}: what changes something is not for everybody`, () => {
    if (permission === 'public') {
      const isWayIn = /^\/api\/v1\/(session(\/[a-z-]+)?|sign-in|links\/[a-z-]+)$/.test(path)
      return assert.ok(isWayIn, 'signing in and out is all that is public')
    }
    if (method === 'GET') return
    assert.match(permission, /:(write|restart|stop|read|secrets|own|break-glass)$/)
  })

  test(`${name}: text and numbers that are asked for have a bound`, () => {
    const asked = [endpoint.params, endpoint.query].flatMap((schema) =>
      Object.entries(propertiesOf(schema)),
    )
    for (const [parameter, schema] of asked) {
      const { type, maxLength, maximum } = schema as {
        type?: string
        maxLength?: number
        maximum?: number
      }
      if (type === 'string') assert.ok(maxLength !== undefined, `${parameter} has no bound`)
      if (type === 'integer') assert.ok(maximum !== undefined, `${parameter} has no bound`)
    }
  })
}

test('ASVS 7.5.1: all that changes who may what takes a fresh proof', () => {
  const stale = endpoints.filter(
    ([, { permission, fresh }]) => permission === 'access:write' && fresh !== true,
  )
  assert.deepEqual(stale, [])
})

test('one name means one schema', () => {
  const meanings = new Map<string, string>()
  for (const [name, text] of named(endpoints)) {
    assert.equal(meanings.get(name) ?? text, text, `${name} means two things`)
    meanings.set(name, text)
  }
  assert.ok(meanings.size > 10)
})
