import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../kernel/testing/index.ts'
import { Collapser } from './collapse.ts'

const limits = { maxWaiters: 2, maxWaitMs: 1000 }

void test('one leads, the others learn what came of it', async () => {
  const collapser = new Collapser(createManualClock(), limits)
  const lead = collapser.lead('a')
  assert.equal(collapser.lead('a'), undefined)
  const waiting = [collapser.follow('a'), collapser.follow('a')]
  assert.equal(collapser.waiting, 2)
  lead?.settle('stored')
  lead?.settle('alone') // too late
  assert.deepEqual(await Promise.all(waiting), ['stored', 'stored'])
  assert.notEqual(collapser.lead('a'), undefined)
})

void test('who finds the line full goes alone at once', async () => {
  const collapser = new Collapser(createManualClock(), limits)
  collapser.lead('a')
  void collapser.follow('a')
  void collapser.follow('a')
  assert.equal(await collapser.follow('a'), 'alone')
  assert.equal(collapser.waiting, 2)
})

void test('nobody waits longer than told', async () => {
  const clock = createManualClock()
  const collapser = new Collapser(clock, limits)
  collapser.lead('a')
  const waiting = collapser.follow('a')
  clock.advance(1000)
  assert.equal(await waiting, 'alone')
  assert.equal(collapser.waiting, 0)
})
