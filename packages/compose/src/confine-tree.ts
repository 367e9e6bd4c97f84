import { join, resolve } from 'node:path'
import type { Confinement } from './confine.ts'
import type { MapNode, Node } from './node.ts'
import { isRemoteContext } from './paths.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'
import { findText } from './values.ts'

type Named = { what: string; pathOf?: (node: Node) => string | undefined }
const named = (what: string): Named => ({ what })

/** Paths of the model that are read by this package or by whoever carries the model out. */
const readPaths: Patterns<Named> = createPatterns<Named>({
  'services.*.build': { what: 'dockerfile', pathOf: dockerfileOf },
  'services.*.build.context': { what: 'build context', pathOf: localContext },
  'services.*.build.additional_contexts.*': { what: 'build context', pathOf: localContext },
  'services.*.build.ssh.*': named('key'),
  'services.*.develop.watch.*.path': named('watched path'),
  'services.*.env_file.*.path': named('env file'),
  'services.*.label_file.*': named('label file'),
  'configs.*.file': named('config file'),
  'secrets.*.file': named('secret file'),
})

/** Checks every such path of a whole tree, whose relative paths start at `workingDir`. */
export async function checkConfined(
  tree: MapNode,
  workingDir: string,
  confinement: Confinement,
): Promise<void> {
  if (confinement.folder === undefined) return
  const walk = async (node: Node, at: Patterns<Named> | undefined): Promise<void> => {
    if (at === undefined) return
    if (at.rule !== undefined) await check(node, at.rule)
    if (node.kind === 'map') {
      for (const { key, value } of node.entries.values()) await walk(value, descend(at, key))
    } else if (node.kind === 'list') {
      for (const item of node.items) await walk(item, descend(at, '[]'))
    }
  }
  const check = async (node: Node, { what, pathOf = textOf }: Named): Promise<void> => {
    const path = pathOf(node)
    if (path === undefined || path === '') return
    const place = node.kind === 'map' ? (node.entries.get('dockerfile')?.value ?? node) : node
    await confinement.check(what, resolve(workingDir, path), place.at)
  }
  await walk(tree, readPaths)
}

function textOf(node: Node): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.text : undefined
}

/** Undefined for what a builder fetches, and for another service's image. */
function localContext(node: Node): string | undefined {
  const text = textOf(node)
  if (text === undefined || isRemoteContext(text)) return undefined
  return text.includes('://') || text.startsWith('service:') ? undefined : text
}

/** It is relative to the context, and may lead out of it. */
function dockerfileOf(build: Node): string | undefined {
  const context = build.kind === 'map' ? build.entries.get('context')?.value : undefined
  const inline = findText(build, 'dockerfile_inline')
  const file = findText(build, 'dockerfile') ?? (inline === undefined ? 'Dockerfile' : undefined)
  if (file === undefined) return undefined
  const folder = context === undefined ? '.' : localContext(context)
  return folder === undefined
    ? undefined
    : resolve('/', folder) === folder
      ? resolve(folder, file)
      : join(folder, file)
}
