import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from './index.ts'
import type { Example, Rule } from './rule.ts'

/** Every rule finds what its own documentation says, and nothing in its good examples. */

const findIn = async (rule: Rule, { files, running }: Example) => {
  const root = await mkdtemp(join(tmpdir(), 'keelson-gaps-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(root, dirname(file)), { recursive: true })
      await writeFile(join(root, file), text)
    }
    const { findings, refused, systems, notes } = await audit({ root, rules: [rule] })
    assert.deepEqual(notes, [], 'all of it is read and judged')
    const isAboutLoading = rule.id === 'compose/does-not-load'
    if (!isAboutLoading) assert.deepEqual(refused, [], 'every example can be loaded')
    if (running === undefined) return findings
    return systems.flatMap((system) => [...rule.find({ ...system, running })])
  } finally {
    await rm(root, { recursive: true })
  }
}

for (const rule of rules) {
  describe(rule.id, () => {
    test('is shown by an example of each kind', () => {
      assert.ok(rule.examples.some(({ finds }) => finds.length > 0))
      assert.ok(rule.examples.some(({ finds }) => finds.length === 0))
    })
    for (const example of rule.examples) {
      test(example.title, async () => {
        const findings = await findIn(rule, example)
        const seen = findings.map(({ service, message }) => `${service ?? '-'}: ${message}`)
        assert.equal(findings.length, example.finds.length, seen.join('\n'))
        for (const { service, says, severity } of example.finds) {
          const found = findings.find(
            (finding) => (finding.service ?? '-') === service && finding.message.includes(says),
          )
          assert.ok(found, `no "${service}: … ${says} …" in\n${seen.join('\n')}`)
          if (severity !== undefined) assert.equal(found.severity, severity)
          assert.ok(found.evidence.every(({ fact }) => fact !== ''))
        }
      })
    }
  })
}
