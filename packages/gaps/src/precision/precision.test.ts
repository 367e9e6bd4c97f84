import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { missingStacks, stacksFolder } from '../testing/conformance.ts'
import { firstContactFile, labelledAt, labelsFile, outsideFile, pageFile } from './files.ts'
import { readFirstContact } from './first-contact.ts'
import { readLabels, readOutside } from './labels.ts'
import { auditStacks, compare, precisionMin, precisionRows } from './measure.ts'
import { writePage } from './page.ts'

describe('errors and warnings on public stacks', { skip: missingStacks() }, async () => {
  if (missingStacks() !== false) return
  const labels = readLabels(labelsFile)
  const { judged, unlabelled, stale } = compare(await auditStacks(stacksFolder), labels)

  test('each is judged by hand', () => {
    const open = unlabelled.map(
      ({ stack, system, rule, fingerprint, message }) =>
        `${stack} ${system} ${rule} ${fingerprint}: ${message}`,
    )
    assert.deepEqual(open, [], 'read the files, and write a label into labels.yaml')
  })

  test('each label is of a finding that is there', () => {
    assert.deepEqual(
      stale.map(({ stack, rule, says }) => `${stack} ${rule}: ${says}`),
      [],
    )
  })

  test('of each rule 95 in 100 are right', () => {
    assert.ok(judged.length > 0)
    const low = precisionRows(judged).filter(
      ({ right, findings }) => right < precisionMin * findings,
    )
    assert.deepEqual(low, [], 'mend the rule, or lower what it says to info')
  })

  test('the page says what is so', async () => {
    const page = writePage(
      judged,
      readOutside(outsideFile),
      readFirstContact(firstContactFile),
      labelledAt,
    )
    assert.equal(
      await readFile(pageFile, 'utf8'),
      page,
      'write it anew: node packages/gaps/scripts/measure-precision.ts',
    )
  })
})

test('each label says which finding it is of, and why', () => {
  const labels = readLabels(labelsFile)
  const keys = labels.map(({ stack, fingerprint }) => `${stack} ${fingerprint}`)
  assert.equal(new Set(keys).size, keys.length, 'no finding is labelled twice')
  const outside = readOutside(outsideFile).flatMap(({ findings }) => findings)
  const fresh = readFirstContact(firstContactFile).flatMap(({ findings }) => findings)
  for (const { why } of [...labels, ...outside, ...fresh]) {
    assert.ok(why.length >= 15, why)
  }
})
