import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsMax } from './faults.ts'
import { entitiesMax } from './flatten.ts'
import { sourceLengthMax } from './read.ts'
import { lineOf, read, readWell } from './testing/reading.ts'

test('all mistakes at once, in the order of the file, but no more than people read', () => {
  const wrong = Array.from({ length: 300 }, (_, at) => `- { name: s${at} }`).join('\n')
  const { faults } = read(`_format_version: "3.0"\nservices:\n${wrong}\n`)
  assert.equal(faults.length, faultsMax)
  assert.deepEqual(
    faults.map(({ line }) => line),
    Array.from({ length: faultsMax }, (_, at) => at + 3),
  )
})

test('one wrong route of ten thousand is found', () => {
  const lines = ['_format_version: "3.0"', 'services:']
  for (let at = 0; at < 1000; at += 1) {
    lines.push(`- name: s${at}`, '  host: a.example', '  routes:')
    for (let of = 0; of < 10; of += 1)
      lines.push(`  - name: r${at}-${of}`, `    paths: [/${at}/${of}]`)
  }
  assert.equal(readWell(lines.join('\n')).routes.length, 10_000)
  const wrong = lines.indexOf('    paths: [/777/3]')
  lines[wrong] = '    paths: [777]'
  const { faults } = read(lines.join('\n'))
  assert.deepEqual(faults.map(lineOf), [
    `${wrong + 1}:13 route 'r777-3' (services[777].routes[3]): paths[0] is the number 777; it must be a text. → Write it in quotes: "777".`,
  ])
})

test('files have a largest size', () => {
  const { faults } = read(' '.repeat(sourceLengthMax + 1))
  assert.deepEqual(faults.map(lineOf), ['1:1 The file is larger than 64 MB.'])
})

test('files have a largest number of entities', () => {
  const many = `[${'{},'.repeat(entitiesMax + 1)}]`
  assert.deepEqual(read(`_format_version: "3.0"\nservices: ${many}`).faults.map(lineOf), [
    `2:${'services: ['.length + 3 * entitiesMax + 1} The file has more than 200,000 entities.`,
  ])
})
