import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keelsonReference } from './keelson-reference.ts'
import { load, service } from './testing.ts'

const { service: ofService, project } = keelsonReference()

/** Below `x-keelson`, each key inside of what it belongs to. */
const body = (key: string, example: string): string =>
  `x-keelson: ${written(key, example)}\n    command: [a]`

const written = (key: string, example: string): string => {
  const value = key.split('.').reduceRight((text, name) => `{${name}: ${text}}`, example)
  // A mapping of a probe has a required key beside those it is about.
  return key.startsWith('probe.http.') && key !== 'probe.http.path'
    ? value.replace('{http: {', '{http: {path: /, ')
    : /^probe\.(?!http|tcp)/.test(key)
      ? value.replace('{probe: {', '{probe: {http: /, ')
      : value
}

for (const { key, example } of ofService) {
  test(`the example of ${key} is one`, async () => {
    const yaml = service(body(key, example))
    const { services } = await load(yaml)
    assert.ok(services['a'])
  })
}

test('examples of the file are some', async () => {
  const keys = project.map(({ key, example }) => `${key}: ${example}`).join(', ')
  const { xKeelson } = await load(`x-keelson: {${keys}}\nservices: {a: {image: a}}\n`)
  assert.deepEqual(xKeelson, {
    description: 'The web shop',
    demo: true,
    kong: 'gateway/kong.yml',
  })
})

test('every key says its type, its default and what it is for', () => {
  assert.ok(ofService.length > 20, `only ${ofService.length}`)
  for (const one of [...ofService, ...project]) {
    for (const text of [one.type, one.default, one.meaning, one.example]) assert.notEqual(text, '')
  }
  assert.match(ofService.find(({ key }) => key === 'update')?.type ?? '', /rolling.*blue-green/)
})
