import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whileSeen } from './while-seen.ts'

const open = () => {
  const document = Object.assign(new EventTarget(), { hidden: false })
  const page = Object.assign(new EventTarget(), { document })
  let isHeld = false
  const stop = whileSeen(
    {
      start: () => {
        isHeld = true
      },
      stop: () => {
        isHeld = false
      },
    },
    page,
  )
  return {
    stop,
    isHeld: () => isHeld,
    say: (type: 'pagehide' | 'pageshow') => page.dispatchEvent(new Event(type)),
    hide: (hidden: boolean) => {
      document.hidden = hidden
      document.dispatchEvent(new Event('visibilitychange'))
    },
  }
}

test('a page holds its connection while it is looked at', () => {
  const page = open()
  assert.equal(page.isHeld(), true)
  page.hide(true)
  assert.equal(page.isHeld(), false)
  page.hide(false)
  assert.equal(page.isHeld(), true)
})

test('a page that was left holds none, whatever it hears, until it is shown again', () => {
  const page = open()
  page.say('pagehide')
  assert.equal(page.isHeld(), false)
  page.hide(true)
  page.hide(false)
  assert.equal(page.isHeld(), false)
  page.say('pageshow')
  assert.equal(page.isHeld(), true)
})

test('what is stopped for good does not come back', () => {
  const page = open()
  page.stop()
  page.say('pageshow')
  page.hide(false)
  assert.equal(page.isHeld(), false)
})
