import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { deleteAsked } from './deletion.ts'
import { createOutput } from './output.ts'

/** Deletes with somebody at a terminal who types this, or with nobody: then `typed` is null. */
const remove = async (typed: string | null, yes?: boolean) => {
  const isTTY = typed !== null
  const input = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  if (typed !== null) input.write(`${typed}\n`)
  const output = createOutput({
    ...{ env: {}, color: false, quiet: false },
    stderr: stderr as unknown as NodeJS.WriteStream,
  })
  let deleted = false
  const code = await deleteAsked(
    { output },
    {
      ...{ yes, what: 'the role on-call', done: 'on-call is deleted' },
      remove: async () => void (deleted = true),
    },
    input,
  )
  return { code, deleted, said: String(stderr.read()) }
}

test('somebody at a terminal is asked, and only yes deletes', async () => {
  const no = await remove('n')
  assert.deepEqual([no.code, no.deleted], [1, false])
  assert.match(no.said, /Delete the role on-call\? \[y\/N\][^]*Nothing was deleted/)
  const yes = await remove('y')
  assert.deepEqual([yes.code, yes.deleted], [0, true])
})

test('--yes and a script are not asked', async () => {
  for (const { deleted, said } of [await remove('', true), await remove(null)]) {
    assert.deepEqual([deleted, said], [true, 'on-call is deleted\n'])
  }
})
