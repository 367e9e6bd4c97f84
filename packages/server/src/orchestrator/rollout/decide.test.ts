import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, type PlaceView, type Step, type View } from './decide.ts'

/**
 * Places as words: a number, `n` for made from what is wanted and `o` for not, then what it is:
 * `+` answers, `-` does not, `?` is new and not proven, `!` was given up; `=` idle, `x` leaving,
 * `~` is being drained.
 */
const placeOf = (word: string): PlaceView => {
  const [, index = '', side, marks = ''] = /^(\d+)([no])(.*)$/.exec(word) ?? []
  const has = (mark: string): boolean => marks.includes(mark)
  return {
    name: index,
    index: Number(index),
    current: side === 'n',
    stage: has('x') ? 'leaving' : has('=') ? 'idle' : 'serving',
    healthy: has('+'),
    proven: !has('?') && !has('!'),
    failed: has('!'),
    busy: has('~'),
  }
}

const view = (places: string, more: Partial<View> = {}): View => ({
  ...{ wanted: 3, strategy: 'rolling', order: 'start-first', parallelism: 1 },
  ...{ held: false, mayLeave: true, keepsIdle: false },
  ...more,
  places: places
    .split(' ')
    .filter((word) => word !== '')
    .map(placeOf),
})

const told = (step: Step | null): string => {
  if (step === null) return 'nothing'
  if (step.kind === 'add') return `add ${step.count}${step.stage === 'idle' ? ' idle' : ''}`
  return step.kind === 'switch' ? 'switch' : `${step.kind} ${step.names.join(' ')}`
}

const cases: [what: string, places: string, more: Partial<View>, step: string][] = [
  ['nothing is there yet', '', {}, 'add 3'],
  ['all is as it should be', '1n+ 2n+ 3n+', {}, 'nothing'],
  ['one more is wanted', '1n+ 2n+', {}, 'add 1'],
  ['one fewer: the highest goes', '1n+ 2n+ 3n+ 4n+', {}, 'leave 4'],
  ['one fewer: rather the one that is down', '1n- 2n+ 3n+ 4n+', {}, 'leave 1'],
  ['a new one comes first', '1o+ 2o+ 3o+', {}, 'add 1'],
  ['two at once', '1o+ 2o+ 3o+', { parallelism: 2 }, 'add 2'],
  ['all at once', '1o+ 2o+ 3o+', { parallelism: 0 }, 'add 3'],
  ['it is waited for', '1o+ 2o+ 3o+ 4n?', {}, 'nothing'],
  ['answering is not enough', '1o+ 2o+ 3o+ 4n+?', {}, 'nothing'],
  ['proven, an old one goes', '1o+ 2o+ 3o+ 4n+', {}, 'leave 1'],
  ['one that is down goes before', '1o+ 2o- 3o+ 4n+', {}, 'leave 2'],
  ['it is gone before the next comes', '1ox+ 2o+ 3o+ 4n+', {}, 'nothing'],
  ['then the next comes', '2o+ 3o+ 4n+', {}, 'add 1'],
  ['the last one', '3o+ 4n+ 1n+ 2n+', {}, 'leave 3'],
  ['a new one that went down keeps the old', '3o+ 4n+ 1n+ 2n-', {}, 'nothing'],
  ['one that does not serve is exchanged where it is', '1o+ 2o- 3o+', {}, 'exchange 2'],
  ['held: nothing is exchanged', '1o+ 2o- 3o+', { held: true }, 'nothing'],
  ['held: what is missing comes all the same', '1o+ 2o+', { held: true }, 'add 1'],
  ['given up on one: the others go on', '1o+ 2o+ 3o+ 4n-!', {}, 'add 1'],
  ['in place', '1o+ 2o+ 3o+', { order: 'stop-first' }, 'exchange 1'],
  ['in place, one at a time', '1o+~ 2o+ 3o+', { order: 'stop-first' }, 'nothing'],
  ['in place, not before it is well', '1n? 2o+ 3o+', { order: 'stop-first' }, 'nothing'],
  ['in place, the next', '1n+ 2o+ 3o+', { order: 'stop-first' }, 'exchange 2'],
  ['nothing serves: all at once', '1o- 2o- 3o-', { strategy: 'recreate' }, 'exchange 1 2 3'],
  ['fewer and changed', '1o+ 2o+ 3o+', { wanted: 1 }, 'leave 1 2'],
  ['green beside blue', '1o+ 2o+ 3o+', { strategy: 'blue-green' }, 'add 3 idle'],
  ['green is waited for', '1o+ 2o+ 3o+ 4n=+ 5n=+ 6n=?', { strategy: 'blue-green' }, 'nothing'],
  ['all green', '1o+ 2o+ 3o+ 4n=+ 5n=+ 6n=+', { strategy: 'blue-green' }, 'switch'],
  ['blue is the way back', '1o=+ 4n+', { wanted: 1, keepsIdle: true }, 'nothing'],
  ['until it is not', '1o=+ 4n+', { wanted: 1 }, 'leave 1'],
  ['blue died and green is there', '4n=+', { wanted: 1, strategy: 'blue-green' }, 'switch'],
  ['stopped', '1n+ 2n+', { wanted: 0 }, 'leave 1 2'],
  ['stopped, after who depends on it', '1n+ 2n+', { wanted: 0, mayLeave: false }, 'nothing'],
]
for (const [what, places, more, step] of cases) {
  test(`${what}: ${places} → ${step}`, () => assert.equal(told(decide(view(places, more))), step))
}

/** What a step does, once everything it starts has happened. */
const take = (places: readonly PlaceView[], step: Step): PlaceView[] => {
  const free = (): number => {
    const taken = new Set(places.map(({ index }) => index))
    return Array.from({ length: 50 }, (_, at) => at + 1).find((index) => !taken.has(index)) ?? 99
  }
  if (step.kind === 'switch')
    return places.map((one) => ({ ...one, stage: one.current ? 'serving' : 'idle' }))
  if (step.kind === 'leave')
    return places.map((one) => (step.names.includes(one.name) ? { ...one, stage: 'leaving' } : one))
  if (step.kind === 'exchange')
    return places.map((one) =>
      step.names.includes(one.name)
        ? { ...one, current: true, healthy: false, proven: false }
        : one,
    )
  const all = [...places]
  for (let added = 0; added < step.count; added += 1) {
    const taken = new Set(all.map(({ index }) => index))
    let index = free()
    while (taken.has(index)) index += 1
    const fresh = { current: true, healthy: false, proven: false, failed: false, busy: false }
    all.push({ name: String(index), index, stage: step.stage, ...fresh })
  }
  return all
}

const isServing = ({ stage, healthy }: PlaceView): boolean => stage === 'serving' && healthy

test('in whatever order things happen: never fewer serve than before, and it comes to its end', () => {
  const happening = fc.record({ at: fc.nat(20), fails: fc.boolean() })
  const set = fc.record({
    wanted: fc.integer({ min: 1, max: 5 }),
    parallelism: fc.integer({ min: 0, max: 3 }),
    strategy: fc.constantFrom('rolling' as const, 'blue-green' as const),
  })
  fc.assert(
    fc.property(set, fc.array(happening, { maxLength: 60 }), (rules, happenings) => {
      const olds = Array.from({ length: rules.wanted }, (_, at) => `${at + 1}o+`).join(' ')
      let places = view(olds).places
      const settle = (): void => {
        for (;;) {
          const step = decide({ ...view('', rules), places })
          if (step === null) return
          places = take(places, step)
          assert.ok(places.filter(isServing).length >= rules.wanted, 'somebody would notice')
        }
      }
      /** Of those that something can happen to, one goes on: or fails, and starts again. */
      const happen = (at: number, fails: boolean): void => {
        const open = places.filter((one) => one.stage === 'leaving' || !one.proven || !one.healthy)
        const one = open[at % Math.max(1, open.length)]
        if (one === undefined) return
        if (one.stage === 'leaving') places = places.filter((other) => other !== one)
        else if (fails)
          places = places.map((other) => (other === one ? { ...one, healthy: false } : other))
        else
          places = places.map((other) =>
            other === one ? { ...one, healthy: true, proven: one.healthy } : other,
          )
      }
      settle()
      for (const { at, fails } of happenings) {
        happen(at, fails)
        settle()
      }
      for (let turn = 0; turn < 200; turn += 1) {
        happen(turn, false)
        settle()
      }
      const left = places.filter(({ stage }) => stage === 'serving')
      assert.equal(left.length, rules.wanted)
      assert.ok(left.every(({ current, healthy }) => current && healthy))
      assert.equal(places.length, rules.wanted, 'nothing is left over')
    }),
  )
})
