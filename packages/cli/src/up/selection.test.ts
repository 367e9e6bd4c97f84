import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainService, plainStack, type ServiceSpec, type StackSpec } from '@keelson/contract'
import { selectServices, type Selection } from './selection.ts'

const needs = (...names: string[]): ServiceSpec['dependsOn'] =>
  names.map((service) => ({
    service,
    condition: 'service_started' as const,
    required: true,
    restart: false,
  }))

const service = (name: string, ...dependencies: string[]): ServiceSpec => ({
  ...plainService,
  name,
  dependsOn: needs(...dependencies),
})

const spec: StackSpec = {
  ...plainStack,
  name: 'shop',
  services: [service('web', 'api'), service('api', 'db'), service('db'), service('mail')],
}

const asked = (given: Partial<Selection> = {}): Selection => ({
  services: [],
  deps: true,
  scale: {},
  build: false,
  pull: undefined,
  ...given,
})

const namesOf = ({ services }: StackSpec) => services.map(({ name }) => name)

const cases: [string, Partial<Selection>, string[], { spec: string[]; wanted: string[] }][] = [
  [
    'nothing named: all',
    {},
    [],
    { spec: ['web', 'api', 'db', 'mail'], wanted: ['web', 'api', 'db', 'mail'] },
  ],
  [
    'a service with all it needs, also through others',
    { services: ['web'] },
    [],
    { spec: ['web', 'api', 'db'], wanted: ['web', 'api', 'db'] },
  ],
  [
    'what runs besides stays, and is not waited for',
    { services: ['api'] },
    ['mail'],
    { spec: ['api', 'db', 'mail'], wanted: ['api', 'db'] },
  ],
  [
    'what has left the file does not stay',
    { services: ['mail'] },
    ['old'],
    { spec: ['mail'], wanted: ['mail'] },
  ],
  [
    'without what it needs',
    { services: ['web'], deps: false },
    [],
    { spec: ['web'], wanted: ['web'] },
  ],
]

for (const [name, given, applied, expected] of cases) {
  test(name, () => {
    const selected = selectServices(spec, asked(given), applied)
    assert.deepEqual({ spec: namesOf(selected.spec), wanted: namesOf(selected.wanted) }, expected)
  })
}

test('a dependency that is left out is not waited for; one that runs is', () => {
  const alone = selectServices(spec, asked({ services: ['web'], deps: false }), [])
  assert.deepEqual(alone.spec.services[0]?.dependsOn, [])
  const beside = selectServices(spec, asked({ services: ['web'], deps: false }), ['api', 'db'])
  assert.deepEqual(beside.spec.services[0]?.dependsOn, needs('api'))
})

test('--scale sets the number of instances', () => {
  const { spec: scaled } = selectServices(spec, asked({ scale: { api: 3 } }), [])
  assert.deepEqual(
    scaled.services.map(({ replicas }) => replicas),
    [1, 3, 1, 1],
  )
})

test('a name that is not there is refused with the one that was meant', () => {
  for (const given of [{ services: ['wbe'] }, { scale: { wbe: 1 } }]) {
    assert.throws(() => selectServices(spec, asked(given), []), /have no service wbe/)
  }
})
