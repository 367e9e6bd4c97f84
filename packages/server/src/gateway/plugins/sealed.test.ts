import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer } from './sealed.ts'

test('what is sealed is opened by the same secret for the same purpose only', async () => {
  const sealer = createSealer('secret', 'a')
  const text = await sealer.seal({ who: 'ada' })
  assert.match(text, /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.deepEqual(await sealer.open(text), { who: 'ada' })
  assert.deepEqual(await createSealer('secret', 'a').open(text), { who: 'ada' })
  assert.equal(await createSealer('secret', 'b').open(text), null)
  assert.equal(await createSealer('other', 'a').open(text), null)
})

test('two seals of one value differ', async () => {
  const sealer = createSealer('secret', 'a')
  assert.notEqual(await sealer.seal({ a: 1 }), await sealer.seal({ a: 1 }))
})

test('anything else is nothing, and never throws', async () => {
  const sealer = createSealer('secret', 'a')
  const part = fc.oneof(fc.base64String(), fc.string())
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      assert.equal(await sealer.open(parts.join('.')), null)
    }),
  )
  assert.equal(await sealer.open('x'.repeat(70_000)), null)
})
