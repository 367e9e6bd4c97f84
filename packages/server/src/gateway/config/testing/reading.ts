import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GatewayConfig } from '../model.ts'
import { type Fault, readGatewayConfig } from '../read.ts'
import { testPlugins } from './plugin-table.ts'

export const read = (text: string, environment: Record<string, string> = {}) =>
  readGatewayConfig({ text, file: 'kong.yml' }, { environment, plugins: testPlugins })

/** `3:5 route 'a' (routes[0]): message → hint` */
export const lineOf = ({ line, column, entity, message, hint }: Fault): string =>
  `${line}:${column} ${entity === '' ? '' : `${entity}: `}${message}${hint === null ? '' : ` → ${hint}`}`

export const readWell = (text: string, environment: Record<string, string> = {}): GatewayConfig => {
  const { config, faults } = read(text, environment)
  assert.deepEqual(faults.map(lineOf), [])
  return config
}

export const services = (fields: string): string =>
  `_format_version: "3.0"\nservices:\n- name: a\n  ${fields.trim()}\n`
export const routes = (fields: string): string =>
  `_format_version: "3.0"\nroutes:\n- name: a\n  ${fields.trim()}\n`
export const upstreams = (fields: string): string =>
  `_format_version: "3.0"\nupstreams:\n- name: a\n  ${fields.trim()}\n`
export const plugin = (fields: string): string =>
  `_format_version: "3.0"\nplugins:\n- name: limiter\n  ${fields.trim()}\n`

/** What is wrong with a text, as `3:5 route 'a' (routes[0]): message → hint`. */
export type Mistake = readonly [name: string, text: string, faults: readonly string[]]

/** A test of each: all that is wrong is said, and nothing of the file counts. */
export const testMistakes = (mistakes: readonly Mistake[]): void => {
  for (const [name, text, expected] of mistakes) {
    test(name, () => {
      const { faults, config } = read(text)
      assert.deepEqual(faults.map(lineOf), expected)
      assert.deepEqual(config.services, [], 'nothing half')
    })
  }
}
