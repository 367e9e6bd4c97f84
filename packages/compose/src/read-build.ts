import type { Build } from './model.ts'
import { findChild, listEntries } from './node.ts'
import type { Node } from './node.ts'
import { readHosts, readReferences, readUlimits } from './read-parts.ts'
import { defined, findBoolean, findBytes, findText, listTexts, readRecord } from './values.ts'

/** `build` of a canonical service. */
export function readBuild(node: Node | undefined): Build | undefined {
  if (node === undefined) return undefined
  const texts = (key: string) => listTexts(findChild(node, key))
  const flag = (key: string) => findBoolean(node, key) ?? false
  return {
    context: findText(node, 'context') ?? '.',
    dockerfile: findText(node, 'dockerfile') ?? 'Dockerfile',
    args: readRecord(findChild(node, 'args')),
    additionalContexts: readRecord(findChild(node, 'additional_contexts')),
    cacheFrom: texts('cache_from'),
    cacheTo: texts('cache_to'),
    entitlements: texts('entitlements'),
    extraHosts: readHosts(findChild(node, 'extra_hosts')),
    labels: readRecord(findChild(node, 'labels')),
    noCache: flag('no_cache'),
    noCacheFilter: texts('no_cache_filter'),
    platforms: texts('platforms'),
    privileged: flag('privileged'),
    pull: flag('pull'),
    secrets: readReferences(findChild(node, 'secrets')),
    ssh: listEntries(node, 'ssh').map(({ key, value }) => {
      const path = value.kind === 'scalar' && value.text !== '' ? value.text : undefined
      return { id: key, ...defined({ path }) }
    }),
    tags: texts('tags'),
    ulimits: readUlimits(node),
    ...defined({
      target: findText(node, 'target') || undefined,
      dockerfileInline: findText(node, 'dockerfile_inline'),
      isolation: findText(node, 'isolation'),
      network: findText(node, 'network'),
      provenance: findText(node, 'provenance'),
      sbom: findText(node, 'sbom'),
      shmSizeBytes: findBytes(node, 'shm_size'),
    }),
  }
}
