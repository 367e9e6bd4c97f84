import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createRouter, versionOf } from './index.ts'
import { askOf, entryOf, type AskFixture } from './testing/routes.ts'
import { compileVersions, type VersionTuning } from './versions.ts'

type Api = { tuning: Omit<VersionTuning, 'api'>; paths?: string[] }

const routerOf = (apis: Api[], others: string[] = []) => {
  const routes = apis.map(({ tuning, paths = ['/users'] }, place) => ({
    id: `route-${place}`,
    paths,
    tuning: { api: 'users', ...tuning },
  }))
  const versions = compileVersions(routes)
  return createRouter([
    ...routes.map(({ id, paths }, place) =>
      entryOf({ paths, version: versions.get(id) ?? null }, place),
    ),
    ...others.map((path, place) => entryOf({ paths: [path] }, 100 + place)),
  ])
}

const byHeader: Api[] = [
  { tuning: { version: 'v1', by: 'header' } },
  { tuning: { version: 'v2', by: 'header', default: true } },
]
const byMediaType: Api[] = [
  { tuning: { version: '1', by: 'media-type' } },
  { tuning: { version: '2', by: 'media-type' } },
  { tuning: { version: '2.1', by: 'media-type' } },
]

/** `refused` with what was asked, or the version that serves. */
const asks: [title: string, apis: Api[], ask: AskFixture, expected: string][] = [
  ['a header names it', byHeader, { headers: [['x-api-version', 'v1']] }, 'v1'],
  ['with or without its v', byHeader, { headers: [['X-API-Version', '2']] }, 'v2'],
  ['none is the default', byHeader, {}, 'v2'],
  ['one that nobody knows', byHeader, { headers: [['x-api-version', '3']] }, 'refused 3'],
  ['a vendor type', byMediaType, accept('application/vnd.shop.v2+json'), '2'],
  ['one with a minor number', byMediaType, accept('application/vnd.shop.v2.1+json'), '2.1'],
  ['a parameter', byMediaType, accept('application/json; version="1"'), '1'],
  [
    'the weightiest',
    byMediaType,
    accept('application/vnd.a.v1+json;q=0.5, text/html, application/vnd.a.v2+json'),
    '2',
  ],
  ['none, without a default', byMediaType, accept('*/*'), 'refused null'],
  ['an unknown vendor version', byMediaType, accept('application/vnd.shop.v9+json'), 'refused v9'],
]

function accept(value: string): AskFixture {
  return { headers: [['accept', value]] }
}

for (const [title, apis, ask, expected] of asks) {
  test(`${title}: ${expected}`, () => {
    const match = routerOf(apis, ['/']).find(askOf({ path: '/users/7', ...ask }))
    const version = match?.version
    assert.ok(version !== undefined && version !== null)
    assert.equal(
      version.refused ? `refused ${String(version.asked)}` : versionOf({ version })?.version,
      expected,
    )
    assert.deepEqual(version.known, [...new Set(apis.map(({ tuning }) => tuning.version))])
  })
}

test('versions do not change the order of routes: the longer path still wins', () => {
  const router = routerOf(byHeader, ['/users/admin'])
  assert.equal(router.find(askOf({ path: '/users/admin' }))?.entry.value, 100)
  assert.equal(router.find(askOf({ path: '/users' }))?.entry.value, 1)
})

test('an old version says so, with dates and where the next one is', () => {
  const router = routerOf([
    {
      paths: ['/v1/users'],
      tuning: {
        version: '1',
        by: 'path',
        deprecated_at: '2026-01-01T00:00:00Z',
        sunset_at: '2027-01-01T00:00:00Z',
        link: 'https://docs.test/v1',
      },
    },
    { paths: ['/v2/users'], tuning: { version: '2', by: 'path' } },
  ])
  assert.deepEqual(router.find(askOf({ path: '/v1/users' }))?.version?.answerHeaders, [
    ...['Deprecation', '@1767225600', 'Link', '<https://docs.test/v1>; rel="deprecation"'],
    ...['Sunset', 'Fri, 01 Jan 2027 00:00:00 GMT', 'Link', '<https://docs.test/v1>; rel="sunset"'],
    ...['Link', '</v2/users>; rel="successor-version"'],
  ])
  assert.deepEqual(router.find(askOf({ path: '/v2/users' }))?.version?.answerHeaders, [])
  assert.equal(router.find(askOf({ path: '/v3/users' })), undefined)
})

test('caches hear what the version depends on', () => {
  const vary = (apis: Api[], ask: AskFixture) =>
    routerOf(apis).find(askOf({ path: '/users', ...ask }))?.version?.answerHeaders
  assert.deepEqual(vary(byHeader, {}), ['Vary', 'X-API-Version'])
  assert.deepEqual(vary(byMediaType, {}), ['Vary', 'Accept'])
})
