import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isMap, Parser, parseDocument, CST } from 'yaml'
import { applyEdit } from './apply-edit.ts'
import { EditRefused, type Edit } from './edit.ts'

/** Random comments, blank lines, indentation and line ends around the same stack. */

const file = 'compose.yaml'

const edits: readonly Edit[] = [
  {
    ...{ kind: 'set', file, keys: ['services', 'db', 'healthcheck'] },
    value: { test: ['CMD-SHELL', 'pg_isready -U "$${U:-x}"'], interval: '10s', retries: 5 },
  },
  { kind: 'set', file, keys: ['services', 'db', 'restart'], value: 'unless-stopped' },
  {
    ...{ kind: 'set', file, keys: ['services', 'api', 'deploy', 'resources', 'limits', 'memory'] },
    value: '1G',
  },
  { kind: 'set', file, keys: ['services', 'db', 'stop_grace_period'], value: '1m' },
  { kind: 'wait', file, service: 'api', targets: ['db'] },
  { kind: 'remove', file, keys: ['networks', 'back'] },
  { kind: 'add', file, keys: ['x-list'], value: { a: 'b', c: ['d'] } },
]

const word = fc.stringMatching(/^[a-zé🚢:#'"{}[\]&*! -]{0,12}$/u)
const noise = fc.array(
  fc.oneof(
    fc.constant(''),
    fc.constant('   '),
    fc
      .record({ indent: fc.nat({ max: 8 }), text: word })
      .map(({ indent, text }) => `${' '.repeat(indent)}# ${text}`),
  ),
  { maxLength: 2 },
)

type Row = readonly [level: number, text: string]
const rows: readonly Row[] = [
  [0, 'services:'],
  [1, 'db:'],
  [2, 'image: "postgres:17"'],
  [2, 'stop_grace_period: 1s'],
  [2, 'environment:'],
  [3, "A: 'it''s'"],
  [3, 'B: a b'],
  [1, 'api:'],
  [2, 'image: api'],
  [2, 'depends_on:'],
  [3, '- db'],
  [3, '- "cache"'],
  [2, 'deploy:'],
  [3, 'replicas: 2'],
  [1, 'cache: { image: "redis:8" }'],
  [0, 'networks:'],
  [1, 'front: {}'],
  [1, 'back: {}'],
  [0, 'x-list:'],
  [1, '- a: 1'],
]

const stack = fc
  .record({
    step: fc.constantFrom(2, 4, 3),
    eol: fc.constantFrom('\n', '\r\n'),
    isEnded: fc.boolean(),
    noises: fc.array(noise, { minLength: rows.length, maxLength: rows.length }),
    tails: fc.array(fc.option(word), { minLength: rows.length, maxLength: rows.length }),
  })
  .map(({ step, eol, isEnded, noises, tails }) => {
    const lines = rows.flatMap(([level, text], at) => {
      const tail = tails[at]
      const comment = tail === null || tail === undefined ? '' : `  # ${tail}`
      return [...(noises[at] ?? []), `${' '.repeat(level * step)}${text}${comment}`]
    })
    return lines.join(eol) + (isEnded ? eol : '')
  })

/** Every comment of the text, in its order. */
const commentsOf = (text: string): string[] => {
  const found: string[] = []
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look)
    if (typeof value !== 'object' || value === null) return
    if ('type' in value && value.type === 'comment' && 'source' in value) {
      found.push(String(value.source))
      return
    }
    Object.values(value).forEach(look)
  }
  for (const token of new Parser().parse(text)) look(token satisfies CST.Token)
  return found.toSorted()
}

const dataOf = (text: string): unknown => parseDocument(text).toJS()

test('comments stay, and nothing but what was meant changes', () => {
  fc.assert(
    fc.property(stack, fc.constantFrom(...edits), (text, edit) => {
      let changed
      try {
        changed = applyEdit(text, edit)
      } catch (error) {
        // A comment that may belong to what goes is no mend without a decision.
        if (error instanceof EditRefused && edit.kind === 'remove') return
        throw error
      }
      assert.deepEqual(commentsOf(changed), commentsOf(text))
      assert.ok(isMap(parseDocument(changed).contents))
      assert.deepEqual(meant(dataOf(changed), edit), meant(dataOf(text), edit))
      assert.equal(applyEdit(changed, edit), changed, 'made twice it changes nothing')
      assert.equal(changed.endsWith('\n'), text.endsWith('\n'))
      if (!text.includes('\r')) assert.ok(!changed.includes('\r'))
      else assert.ok(!/[^\r]\n/.test(changed))
    }),
    { numRuns: 200 },
  )
})

/** The data without what the edit is about. */
const meant = (data: unknown, edit: Edit): unknown => {
  const copy = structuredClone(data) as Record<string, Record<string, Record<string, unknown>>>
  if (edit.kind === 'add') delete copy['x-list']
  if (edit.kind === 'wait') delete copy['services']?.['api']?.['depends_on']
  if (edit.kind === 'remove') delete copy['networks']?.['back']
  if (edit.kind === 'set') {
    const [, service = '', key = ''] = edit.keys
    if (key === 'deploy') {
      const deploy = copy['services']?.[service]?.[key] as Record<string, unknown>
      delete deploy['resources']
    } else {
      delete copy['services']?.[service]?.[key]
    }
  }
  return copy
}

test('edits one after the other are all there', () => {
  fc.assert(
    fc.property(
      stack,
      fc.shuffledSubarray([...edits.filter(({ kind }) => kind !== 'remove')]),
      (text, list) => {
        const changed = list.reduce((now, edit) => applyEdit(now, edit), text)
        assert.deepEqual(commentsOf(changed), commentsOf(text))
        for (const edit of list) assert.equal(applyEdit(changed, edit), changed)
      },
    ),
    { numRuns: 50 },
  )
})
