import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackSpec } from '@keelson/contract'
import { routeFaults } from './route-faults.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const route = (path: string, host?: string) => ({
  path,
  stripPath: false,
  timeoutMs: 1000,
  ...(host === undefined ? {} : { host }),
})
const stack = (name: string, ...routes: [string, ReturnType<typeof route>][]): StackSpec =>
  stackSpec(
    name,
    routes.map(([of, one]) => serviceSpec(of, { routes: [one] })),
  )

const cases: [string, StackSpec, StackSpec[], RegExp | null][] = [
  ['routes of its own', stack('a', ['web', route('/')], ['x', route('/x')]), [], null],
  [
    'two with one path',
    stack('a', ['web', route('/w')], ['x', route('/w/')]),
    [],
    /x asks.*a\/web has/,
  ],
  [
    'one path, two hosts',
    stack('a', ['web', route('/', 'a.x')], ['x', route('/', 'b.x')]),
    [],
    null,
  ],
  [
    'hosts that differ in case',
    stack('a', ['web', route('/', 'A.x')], ['x', route('/', 'a.x')]),
    [],
    /a\/web has/,
  ],
  [
    'a path of another stack',
    stack('a', ['web', route('/w')]),
    [stack('b', ['c', route('/w')])],
    /b\/c has/,
  ],
  [
    'its own path, applied again',
    stack('a', ['web', route('/w')]),
    [stack('a', ['web', route('/w')])],
    null,
  ],
  ['the path of the platform', stack('a', ['web', route('/api/x')]), [], /platform/],
  ['a path that only begins alike', stack('a', ['web', route('/apiary')]), [], null],
]
for (const [name, wanted, others, message] of cases) {
  test(`${name}: ${message === null ? 'no fault' : 'refused'}`, () => {
    const faults = routeFaults(wanted, others)
    if (message === null) return assert.deepEqual(faults, [])
    assert.equal(faults.length, 1)
    assert.match(faults[0]?.message ?? '', message)
  })
}
