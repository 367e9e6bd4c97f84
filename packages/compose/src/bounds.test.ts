import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listVariables } from './index.ts'
import { findClosingBrace, readName } from './template.ts'
import { load, places, refusals, service } from './testing.ts'

/** As it was written first: every open brace looks for its end anew. */
function listNames(text: string, depth = 0): string[] {
  if (depth > 50) return []
  const names: string[] = []
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at)) {
    if (text[at + 1] === '$') {
      at += 2
      continue
    }
    const end = text[at + 1] === '{' ? findClosingBrace(text, at + 1) : -1
    const name = readName(text, end === -1 ? at + 1 : at + 2)
    if (name !== '') {
      const rest = end === -1 ? '' : text.slice(at + 2 + name.length, end).replace(/^:/, '')
      if (/^[-+]/.test(rest)) names.push(...listNames(rest.slice(1), depth + 1))
      names.push(name)
    }
    at = end === -1 ? at + 1 + name.length : end + 1
  }
  return names
}

test('variables are the same whether braces close or not', () => {
  const part = fc.constantFrom('${A', '${B:-', '${C:+', '$D', '$$', '${', '{', '}', ':', 'x', '-')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join('')
      assert.deepEqual(
        Object.keys(listVariables(text)).toSorted(),
        [...new Set(listNames(text))].toSorted(),
      )
    }),
    { numRuns: 3000 },
  )
})

test('200,000 braces that nothing closes are read in one go', async () => {
  const text = '${A:-$$'.repeat(200_000)
  const start = performance.now()
  assert.deepEqual(listVariables(text), {})
  // One look for each brace would be 10 ** 11 steps: minutes.
  assert.ok(performance.now() - start < 20_000)
  const error = await refusals(service(`user: "${text}"`))
  assert.deepEqual(places(error), ['4:11 bad_interpolation'])
})

const ofServices = (count: number, body: (index: number) => string) =>
  `services:\n${Array.from({ length: count }, (_, n) => `  s${n}: {image: x${body(n)}}\n`).join('')}`

test('5,000 services in a ring are one cycle, and 9,000 in a chain are none', async () => {
  const ring = ofServices(5000, (n) => `, depends_on: [s${(n + 1) % 5000}]`)
  const error = await refusals(ring)
  assert.deepEqual(places(error), ['5001:34 dependency_cycle'])
  assert.match(error.message, /detected: s0 -> s1 -> .* -> s49 -> … 4950 more -> s0 \(/)
  const chain = ofServices(9000, (n) => (n === 0 ? '' : `, depends_on: [s${n - 1}]`))
  const { services } = await load(chain)
  assert.equal(Object.keys(services).length, 9000)
})

test('cycles that share services are told with their own paths', async () => {
  const error = await refusals(`services:
  a: {image: x, depends_on: [b, a]}
  b: {image: x, depends_on: [c, constructor]}
  c: {image: x, depends_on: [b, a]}
  constructor: {image: x}
`)
  assert.deepEqual(
    error.diagnostics.map(({ message }) => message.replace('dependency cycle detected: ', '')),
    ['a -> a', 'b -> c -> b', 'a -> b -> c -> a'],
  )
})

test('one service more than the limit is refused at that service', async () => {
  const limits = { serviceCountMax: 3 }
  const error = await refusals(
    ofServices(5, () => ''),
    { limits },
  )
  assert.deepEqual(places(error), ['5:3 too_many_services'])
  assert.match(error.message, /5 services, more than 3 \(make several stacks of it\)/)
  await load(
    ofServices(3, () => ''),
    { limits },
  )
})

test('port ranges are counted before they are made', async () => {
  const all = '"1-65535:1-65535"'
  const one = await refusals(service(`ports: ["80:80", ${all}]`))
  assert.deepEqual(places(one), ['4:22 too_many_ports'])
  assert.match(one.message, /services\.a\.ports\.1: .* more than 20000 ports \(publish fewer/)
  const each = Array.from(
    { length: 5000 },
    (_, n) => `"127.0.${n >> 8}.${n & 255}:1-65535:1-65535"`,
  )
  const many = await refusals(service(`ports: [${each.join(', ')}]`))
  assert.deepEqual(places(many), ['4:13 too_many_ports'])
})

test('ports of included and extended files count too', async () => {
  const limits = { portCountMax: 25 }
  const half = (name: string) => `services:\n  ${name}: {image: x, ports: ["1-10/udp"]}\n`
  const files = {
    'compose.yaml': `include: [b.yaml]\nservices:\n  a: {extends: {file: c.yaml, service: c}, ports: ["20-29"]}\n`,
    'b.yaml': half('b'),
    'c.yaml': half('c'),
  }
  const error = await refusals(files, { limits })
  assert.match(error.message, /more than 25 ports/)
  const { services } = await load(files, { limits: { portCountMax: 30 } })
  assert.deepEqual(
    Object.values(services).map(({ ports }) => ports.length),
    [20, 10],
  )
})
