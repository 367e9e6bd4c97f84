import { HeaderList } from '../../../proxy/header-list.ts'
import type { OwnAnswer, OwnFields } from '../author.ts'
import type { Edits } from '../messages.ts'

/** Fields whose changes are noted down, for the gateway to do them too. */
export const recordedFields = (raw: readonly string[]): { fields: OwnFields; edits: Edits } => {
  const list = new HeaderList([...raw])
  const edits: Edits = []
  return {
    edits,
    fields: {
      get: (name) => list.get(name.toLowerCase()),
      all: (name) => list.all(name.toLowerCase()),
      has: (name) => list.has(name.toLowerCase()),
      entries: () => [...list],
      set: (name, value) => {
        list.set(name, value)
        edits.push({ op: 'set', name, value })
      },
      add: (name, value) => {
        list.add(name, value)
        edits.push({ op: 'add', name, value })
      },
      remove: (name) => {
        list.remove(name.toLowerCase())
        edits.push({ op: 'remove', name, value: '' })
      },
    },
  }
}

export const pairsOf = (headers: OwnAnswer['headers'] = {}): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
  )
