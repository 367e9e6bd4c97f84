import type { HeaderList } from '../../proxy/header-list.ts'
import type { Fields } from './changes.ts'

/** What frames a message is the gateway's: a rule that could change it could split a message. */
export const framing: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
])

export const headerFields = (headers: HeaderList): Fields<string> => ({
  has: (name) => headers.has(name.toLowerCase()),
  remove: (name) => headers.remove(name.toLowerCase()),
  rename: (from, to) => {
    if (from.toLowerCase() !== to.toLowerCase()) headers.remove(to.toLowerCase())
    for (let at = 0; at < headers.raw.length; at += 2) {
      if (headers.raw[at]?.toLowerCase() === from.toLowerCase()) headers.raw[at] = to
    }
  },
  set: (name, value) =>
    value === '' ? headers.remove(name.toLowerCase()) : headers.set(name, wireText(value)),
  append: (name, value) => headers.add(name, wireText(value)),
})

/**
 * Values may come from a query or a header of the client, decoded: control characters would
 * begin a field of their own. The rest travels as UTF-8, whose bytes the wire takes as Latin-1.
 */
export const wireText = (value: string): string => {
  // Most values are plain: looked at, not copied.
  let isPlain = true
  for (let at = 0; at < value.length && isPlain; at += 1) {
    const unit = value.charCodeAt(at)
    isPlain = unit >= 0x20 && unit < 0x7f
  }
  if (isPlain) return value
  const clean = value.replaceAll(controls, ' ')
  return /[^\0-\xff]/.test(clean) ? Buffer.from(clean, 'utf8').toString('latin1') : clean
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\0-\x08\x0a-\x1f\x7f]/g
