import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readGatewayConfig } from '../config/read.ts'
import { plugins } from './index.ts'

const names = [
  ...['key-auth', 'basic-auth', 'hmac-auth', 'jwt', 'acl', 'oidc', 'session', 'mtls-auth'],
  ...['ip-restriction', 'bot-detection', 'cors'],
]

/** What the examples are tied to. */
const around = `
_format_version: "3.0"
services:
${['orders', 'shop', 'reports', 'admin', 'ledger', 'hooks']
  .map(
    (name) =>
      `- { name: ${name}, url: "http://${name}:80", routes: [{ name: ${name}, paths: [/] }] }`,
  )
  .join('\n')}
`

describe('the page of', () => {
  for (const name of names) {
    const page = readFileSync(new URL(`./${name}/README.md`, import.meta.url), 'utf8')

    test(`${name} names every field with its default`, () => {
      const { properties } = plugins.get(name)?.schema ?? {}
      for (const [field, schema] of Object.entries(properties ?? {})) {
        const value: unknown = 'default' in schema ? schema.default : undefined
        const shown = value === undefined ? 'required' : `\`${JSON.stringify(value)}\``
        assert.ok(page.includes(`| \`${field}\` | ${shown} |`), field)
      }
    })

    test(`${name} has an example that works`, () => {
      const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
      assert.match(example, new RegExp(`name: ${name}\n`))
      const environment = { SESSION_SECRET: 's', OIDC_SECRET: 's' }
      const file = { text: around + example, file: 'kong.yml' }
      const { faults } = readGatewayConfig(file, { environment, plugins })
      assert.deepEqual(faults, [])
    })
  }
})
