import type { Work } from '../slices.ts'
import { emptyGatewayConfig, type GatewayConfig } from './model.ts'

/** Entities of one piece: their JSON is parsed in some 2 ms. */
const entitiesMost = 200

/**
 * A configuration as JSON in pieces, for whoever must not be held up: that of 10,000 routes takes
 * 40 ms to parse in one.
 */
export const piecesOf = (config: GatewayConfig): string[] =>
  Object.entries(config).flatMap(([kind, entities]) =>
    Array.from({ length: Math.ceil(entities.length / entitiesMost) }, (_, at) =>
      JSON.stringify([kind, entities.slice(at * entitiesMost, (at + 1) * entitiesMost)]),
    ),
  )

/** The configuration again. */
export function* joinPieces(pieces: readonly string[]): Work<GatewayConfig> {
  const joined: Record<string, unknown[]> = {}
  for (const kind of Object.keys(emptyGatewayConfig)) joined[kind] = []
  for (const piece of pieces) {
    yield
    const [kind, entities] = JSON.parse(piece) as [string, unknown[]]
    joined[kind] = (joined[kind] ?? []).concat(entities)
  }
  // What `piecesOf` has taken apart, kind by kind.
  return joined as unknown as GatewayConfig
}
