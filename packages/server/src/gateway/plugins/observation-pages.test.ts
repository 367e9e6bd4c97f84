import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readGatewayConfig } from '../config/read.ts'
import { plugins } from './index.ts'

const names = [
  ...['prometheus', 'opentelemetry', 'zipkin', 'http-log', 'file-log', 'tcp-log', 'udp-log'],
  ...['syslog', 'statsd'],
]

type Node = { properties?: Readonly<Record<string, Node>>; default?: unknown }

/** Every field, those of parts as `part.field`, with its default as the page writes it. */
const fieldsOf = (schema: Node, prefix = ''): [field: string, shown: string][] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (field.properties !== undefined) return fieldsOf(field, `${prefix}${name}.`)
    // A table of its own shows it.
    if (name === 'metrics') return [[name, 'the thirteen below']]
    const shown = field.default === undefined ? 'required' : `\`${JSON.stringify(field.default)}\``
    return [[prefix + name, shown]]
  })

const around = `
_format_version: "3.0"
services:
- { name: shop, url: "http://shop:80", routes: [{ name: shop, paths: [/] }] }
`

describe('the page of', () => {
  for (const name of names) {
    const page = readFileSync(new URL(`./${name}/README.md`, import.meta.url), 'utf8')

    test(`${name} names every field with its default`, () => {
      const schema: Node = plugins.get(name)?.schema ?? assert.fail(name)
      for (const [field, shown] of fieldsOf(schema)) {
        assert.ok(page.includes(`| \`${field}\` | ${shown} |`), field)
      }
    })

    test(`${name} has an example that works`, () => {
      const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
      assert.match(example, new RegExp(`name: ${name}\n`))
      const file = { text: around + example, file: 'kong.yml' }
      assert.deepEqual(readGatewayConfig(file, { environment: {}, plugins }).faults, [])
    })
  }
})
