import type { GapService } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapReport, manyServices } from '../test-fixture/fixture-gaps.ts'
import { fitted, layOutFlow } from './flow-layout.ts'

const { inventory } = gapReport
assert.ok(inventory !== null)

const service = (given: Partial<GapService>): GapService => ({
  ...{ service: 'web', category: 'core', claimed: true, built: true, why: null },
  ...{ runs: 'always', running: true, healthy: true, file: 'compose.yaml', line: 12 },
  ...given,
})

const signs = {
  ...{ there: '●', partly: '○', missing: '✕', unknown: '?', off: '-', none: ' ' },
} as const

const cases: [given: Partial<GapService>, marks: string, sentence: string][] = [
  [{}, '●●●●', 'web: claimed, declared, built, healthy'],
  [{ claimed: false }, ' ●●●', 'web: named by no document, declared, built, healthy'],
  [
    { built: false, why: 'web/Dockerfile is empty', running: null, healthy: null },
    '●●✕ ',
    'web: web/Dockerfile is empty: claimed, declared, not built',
  ],
  [
    { built: false, running: false, healthy: false },
    '●●✕ ',
    'web: cannot be built: claimed, declared, not built',
  ],
  [
    { built: false, why: 'it has no FROM' },
    '●●✕●',
    'web: it has no FROM: claimed, declared, not built, healthy',
  ],
  [
    { running: false, healthy: false },
    '●●●✕',
    'web: is not running: claimed, declared, built, not healthy',
  ],
  [
    { healthy: false },
    '●●●✕',
    'web: runs and is not healthy: claimed, declared, built, not healthy',
  ],
  [
    { healthy: null },
    '●●●○',
    'web: claimed, declared, built, running, its health is not asked for',
  ],
  [
    { built: null, running: null, healthy: null },
    '●●??',
    'web: claimed, declared, build not visible, not visible whether it runs',
  ],
  [
    { runs: 'off', running: null, healthy: null },
    '●●●-',
    'web: claimed, declared, built, off in what was applied',
  ],
  [{ runs: 'once' }, '●●●●', 'web: claimed, declared, built, ended well, or is at it'],
  [
    { runs: 'once', running: false, healthy: false },
    '●●●✕',
    'web: did not end well: claimed, declared, built, not healthy',
  ],
]
for (const [given, marks, sentence] of cases) {
  test(`${marks} ${sentence}`, () => {
    const { rows } = layOutFlow(
      { ...inventory, claimed: 1, declared: 1, services: [service(given)] },
      900,
    )
    assert.equal(rows[0]?.marks.map((mark) => signs[mark]).join(''), marks)
    assert.equal(rows[0]?.sentence, sentence)
    assert.equal(rows[0]?.dropsAt ?? -1, marks.indexOf('✕'))
  })
}

test('when nobody looked, nothing drops out at the last column', () => {
  const services = [service({ running: null, healthy: null })]
  const given = { ...inventory, claimed: null, running: null, healthy: null, services }
  const { rows, columns } = layOutFlow(given, 900)
  assert.deepEqual(rows[0]?.marks, ['there', 'there', 'there', 'none'])
  assert.deepEqual(columns.at(-1)?.name, 'running')
  assert.deepEqual(columns.at(-1)?.count, null)
})

test('without a total, the services that documents name are counted', () => {
  const { columns } = layOutFlow({ ...inventory, claimed: null }, 900)
  assert.deepEqual([columns[0]?.name, columns[0]?.count], ['named', 8])
})

test('what is claimed beyond what is declared is one line that ends at declared', () => {
  const { rows } = layOutFlow(inventory, 900)
  const { name, count, dropsAt, sentence, place } = rows.at(-1) ?? {}
  assert.deepEqual([name, count, dropsAt, place], ['2 more', 2, 1, 'README.md:4'])
  assert.match(sentence ?? '', /^2 more: claimed and declared nowhere: The shop is 12 services/)
  const declared = { ...inventory, claimed: 8 }
  assert.equal(layOutFlow(declared, 900).rows.length, inventory.services.length)
})

test('categories stand in their usual order, and say how many come through', () => {
  assert.deepEqual(
    layOutFlow(inventory, 900).captions.map(({ text }) => text),
    [
      'Core · 3 of 5 come through',
      'Communication · 1',
      'Automation · 0 of 1 come through',
      'AI and ML · 1',
      'Infrastructure · 2',
    ],
  )
})

for (const width of [300, 366, 900, 1400]) {
  for (const given of [inventory, manyServices(gapReport).inventory ?? inventory]) {
    test(`${given.services.length} services at ${width} px: nothing overlaps or stands outside`, () => {
      const { rows, columns, captions, height, isRoomy } = layOutFlow(given, width)
      assert.equal(rows.length, given.services.length + 1)
      for (const [index, row] of rows.entries()) {
        const next = rows[index + 1]
        assert.ok(row.y + row.height <= (next?.y ?? height), row.name)
        assert.ok(isRoomy || row.isNamed === (row.dropsAt !== null), row.name)
        assert.ok(
          captions.every(({ y }) => y + 26 <= row.y || y >= row.y + row.height),
          row.name,
        )
      }
      assert.ok(columns.every(({ x }, at) => x > (columns[at - 1]?.x ?? 0) && x < width - 20))
      assert.ok(height < 1400, `${height} px high`)
    })
  }
}

test('a text that does not fit says so', () => {
  assert.equal(fitted('payments', 100), 'payments')
  assert.equal(fitted('a-service-with-a-long-name', 70), 'a-service…')
})
