import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, service } from './testing.ts'

/** As written in `environment`, and what the service sees; seen with docker-compose 2.26.1. */
const cases: readonly [written: string, seen: string][] = [
  ['1000000.0', '1e+06'],
  ['100000.5', '100000.5'],
  ['1e5', '100000'],
  ['0.00001', '1e-05'],
  ['123456789.5', '1.234567895e+08'],
  ['1.5e300', '1.5e+300'],
  ['-0.0', '-0'],
  ['0644', '420'],
  ['0o17', '15'],
  ['12345678901234567890', '12345678901234567890'],
  ['1.10', '1.1'],
  ['yes', 'yes'],
  ['2026-01-01', '2026-01-01 00:00:00 +0000 UTC'],
  ['2026-01-02T03:04:05Z', '2026-01-02 03:04:05 +0000 UTC'],
  ['2026-01-02 03:04:05.5', '2026-01-02 03:04:05.5 +0000 UTC'],
  ['2026-1-2T03:04:05+02:00', '2026-01-02 03:04:05 +0200 +0200'],
  ['2026-01-02 03:04:05 -5', '2026-01-02 03:04:05 -5'],
  ['2026-13-01', '2026-13-01'],
  ['"2026-01-01"', '2026-01-01'],
]

for (const [written, seen] of cases) {
  test(`a service sees ${written} as ${seen}`, async () => {
    const project = await load(service(`environment: {V: ${written}}`))
    assert.equal(project.services['a']?.environment['V'], seen)
  })
}
