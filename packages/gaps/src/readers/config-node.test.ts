import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig } from './config-node.ts'

const read = (text: string) => readConfig('a.yml', text)[0]

describe('a configuration', () => {
  test('knows where each value stands', () => {
    const root = read('jobs:\n  - name: one\n    port: 0x50\n  - { name: two }\n')
    const [one, two] = root?.get('jobs')?.items() ?? []
    assert.equal(one?.get('name')?.text(), 'one')
    assert.equal(one?.get('port')?.text(), '0x50')
    assert.deepEqual(two?.get('name')?.at, { file: 'a.yml', line: 4, column: 13 })
    assert.equal(root?.get('jobs', 'name'), undefined)
    assert.equal(one?.get('name', 'deeper'), undefined)
  })

  test('follows anchors and merges, its own keys first', () => {
    const root = read('a: &a { x: 1, y: 2 }\nb: { <<: *a, y: 3 }\nc: *a\n')
    assert.equal(root?.get('b', 'x')?.text(), '1')
    assert.equal(root?.get('b', 'y')?.text(), '3')
    assert.equal(root?.get('c', 'x')?.text(), '1')
  })

  test('one value reads as a list of one, nothing as an empty one', () => {
    const root = read('a: one\nb:\n')
    assert.deepEqual(
      root
        ?.get('a')
        ?.items()
        .map((item) => item.text()),
      ['one'],
    )
    assert.deepEqual(root?.get('b')?.items(), [])
    assert.equal(root?.get('b')?.isNothing, true)
  })

  test('what is no YAML, and what is no map, holds nothing', () => {
    assert.deepEqual(readConfig('a.yml', 'a: [1, 2\nb: "'), [])
    assert.deepEqual(readConfig('a.yml', ''), [])
    assert.equal(read('- 1\n- 2\n')?.get('a'), undefined)
    assert.deepEqual(readConfig('a.yml', '['.repeat(50_000)), [])
  })

  test('aliases of aliases come to an end', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let depth = 1; depth < 12; depth += 1) {
      lines.push(
        `a${depth}: &a${depth} [${Array.from({ length: 9 }, () => `*a${depth - 1}`).join(', ')}]`,
      )
    }
    const count = (node: ReturnType<typeof read>): number =>
      (node?.items() ?? []).reduce((sum, item) => sum + (item === node ? 1 : count(item)), 0) + 1
    // 9^12 values, of which a bounded number is looked at.
    assert.ok(count(read(lines.join('\n'))?.get('a11')) < 2_000_000)
  })

  test('maps that merge each other come to an end', () => {
    const lines = ['m0: &m0 { k: v }']
    for (let depth = 1; depth < 20; depth += 1) {
      lines.push(
        `m${depth}: &m${depth} { <<: [${Array.from({ length: 20 }, () => `*m${depth - 1}`).join(', ')}] }`,
      )
    }
    assert.ok((read(lines.join('\n'))?.get('m19')?.entries() ?? []).length <= 5000)
  })
})
