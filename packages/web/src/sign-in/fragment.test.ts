import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFragment } from './fragment.ts'

test('a fragment holds a challenge or the code of a problem, and nothing else is taken from it', () => {
  assert.deepEqual(parseFragment('#challenge=abc-_1'), { challenge: 'abc-_1' })
  assert.deepEqual(parseFragment('#challenge=abc&to=%2Fservices%3Fq%3Dx'), {
    ...{ challenge: 'abc', to: '/services?q=x' },
  })
  assert.deepEqual(parseFragment('#link=abc-_1'), { link: 'abc-_1' })
  assert.deepEqual(parseFragment('#problem=sign_in_refused'), { problem: 'sign_in_refused' })
  assert.deepEqual(parseFragment('#problem=%3Cb%3EGive%20me%20your%20password'), {})
  assert.deepEqual(parseFragment(`#challenge=${'a'.repeat(201)}`), {})
  assert.deepEqual(parseFragment('#elsewhere=1'), {})
  assert.deepEqual(parseFragment(''), {})
})
