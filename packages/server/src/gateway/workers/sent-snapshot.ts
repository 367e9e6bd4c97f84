import { joinPieces, piecesOf } from '../config/pieces.ts'
import { inSlices } from '../slices.ts'
import type { GatewayDocument, GatewaySnapshot } from '../snapshot.ts'

/**
 * A snapshot on its way to a worker. Documents that it has are only named: there they stay the
 * same objects, by which a proxy knows what need not be compiled again.
 */
export type SentSnapshot = Omit<GatewaySnapshot, 'documents'> & {
  documents: readonly { id: number; document: SentDocument | null }[]
}

/** In pieces: whoever reads it serves requests meanwhile. */
type SentDocument = Omit<GatewayDocument, 'config'> & { pieces: readonly string[] }

const ids = new WeakMap<GatewayDocument, number>()
let lastId = 0

const idOf = (document: GatewayDocument): number => {
  const known = ids.get(document)
  if (known !== undefined) return known
  lastId += 1
  ids.set(document, lastId)
  return lastId
}

/** For one worker; what it writes must be read there, in this order. */
export const createSnapshotWriter = () => {
  let known: ReadonlySet<number> = new Set()
  return (snapshot: GatewaySnapshot): SentSnapshot => {
    const documents = snapshot.documents.map((document) => {
      const id = idOf(document)
      return { id, document: known.has(id) ? null : sentOf(document) }
    })
    known = new Set(documents.map(({ id }) => id))
    return { ...snapshot, documents }
  }
}

const sentOf = ({ config, ...rest }: GatewayDocument): SentDocument => ({
  ...rest,
  pieces: piecesOf(config),
})

export const createSnapshotReader = () => {
  let known: ReadonlyMap<number, GatewayDocument> = new Map()
  const read = async (sent: SentSnapshot): Promise<GatewaySnapshot> => {
    const next = new Map<number, GatewayDocument>()
    for (const { id, document } of sent.documents) {
      const found = document === null ? known.get(id) : await joined(document)
      if (found === undefined) throw new Error(`document ${id} was never sent`)
      next.set(id, found)
    }
    known = next
    return { ...sent, documents: [...known.values()] }
  }
  /** One after the other: each goes on from what is known of the one before. */
  let turn: Promise<unknown> = Promise.resolve()
  return (sent: SentSnapshot): Promise<GatewaySnapshot> => {
    const result = turn.then(() => read(sent))
    turn = result.catch(() => {})
    return result
  }
}

const joined = async ({ pieces, ...rest }: SentDocument): Promise<GatewayDocument> => ({
  ...rest,
  config: await inSlices(joinPieces(pieces)),
})
