import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { addTo, bitsFor } from '../packages/server/src/identity/passwords/filter.ts'

/**
 * Makes the filter of common passwords from a list, most used first, one a line:
 * `node scripts/make-password-filter.ts xato-net-10-million-passwords-1000000.txt`
 */
const textsMax = 150_000
const lengthMin = 8
const target = new URL('../packages/server/src/identity/passwords/common.bin', import.meta.url)

const [list] = process.argv.slice(2)
if (list === undefined) throw new Error('usage: node scripts/make-password-filter.ts <list>')

const texts = new Set<string>()
for await (const line of createInterface({ input: createReadStream(list) })) {
  const text = line.trim().toLowerCase()
  if (Array.from(text).length >= lengthMin) texts.add(text)
  if (texts.size === textsMax) break
}
const filter = Buffer.alloc(bitsFor(texts.size) / 8)
for (const text of texts) addTo(filter, text)
await writeFile(target, filter)
console.log(`${texts.size} passwords in ${filter.length} bytes`)
