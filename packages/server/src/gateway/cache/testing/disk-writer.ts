import { DiskTier } from '../disk-tier.ts'
import { aRequest, aStored } from './stored.ts'

/**
 * Writes answers into the folder that is its argument, over and over, a line for each, until it
 * is killed. Every body is one character many times: two halves of two of them would show.
 */
const [folder = ''] = process.argv.slice(2)
const tier = new DiskTier({ folder, maxBytes: 64 * 1024 * 1024 })
await tier.ready
for (let round = 0; ; round++) {
  const url = `http://shop.test/${round % 50}`
  const letter = String.fromCharCode(97 + (round % 26))
  tier.store(aStored({ request: aRequest([], { url }), body: letter.repeat(100_000) }))
  process.stdout.write(`${round}\n`)
  await new Promise((resolve) => setImmediate(resolve))
}
