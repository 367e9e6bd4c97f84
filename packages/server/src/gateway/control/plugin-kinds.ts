import type { GatewayPluginKind } from '@keelson/contract'
import type { NodeStates } from '../node-states.ts'
import { plugins as housePlugins } from '../plugins/index.ts'
import type { Asked } from '../questions/questions.ts'

/** Every plugin in the order they run; one's own with what the gateways say of its process. */
export const pluginKindsOf = (
  ownKinds: readonly GatewayPluginKind[],
  gateways: readonly Asked<NodeStates>[],
): GatewayPluginKind[] => {
  const house = [...housePlugins.values()].map(
    ({ name, priority, summary, scopes, schema }): GatewayPluginKind => ({
      ...{ name, priority, summary, schema, folder: null, problem: null },
      scopes: [...scopes],
    }),
  )
  const running = ownKinds.map((kind) => ({
    ...kind,
    problem: kind.problem ?? problemIn(gateways, kind.name),
  }))
  return [...house, ...running].toSorted((a, b) => b.priority - a.priority)
}

const problemIn = (gateways: readonly Asked<NodeStates>[], plugin: string): string | null =>
  gateways.map(({ value }) => value.pluginProblems[plugin]).find((one) => one !== undefined) ?? null
