import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { readEnvironment } from './environment.ts'
import type { Environment } from './environment.ts'
import type { Loading, Scope } from './scope.ts'
import { mergeTrees, rulesFor } from './merge.ts'
import { findChild, findMap, isNull, mapOf, withChild } from './node.ts'
import type { Entry, MapNode, Node } from './node.ts'
import { isRemoteFile, resolvePath } from './paths.ts'
import { include } from './schema.ts'
import { checkShape } from './shape.ts'
import { findText, listScalars } from './values.ts'

type LoadScope = (scope: Scope, loading: Loading) => Promise<MapNode>

/** What an included project brings along. */
const sections = ['services', 'volumes', 'networks', 'secrets', 'configs', 'models']

/**
 * Loads what the document includes, each with its own folder and environment, and puts it under the
 * document: what both say is merged, the document's own wins. Source: compose-go loader/include.go.
 */
export async function applyIncludes(
  root: MapNode,
  file: string,
  scope: Scope,
  loading: Loading,
  loadScope: LoadScope,
): Promise<MapNode> {
  const includes = findChild(root, 'include')
  if (includes === undefined || includes.mark === 'reset') return root
  checkShape(includes, include, loading.report, ['include'])
  loading.report.throwIfErrors()
  if (includes.kind !== 'list') return root
  const included = [...scope.included, file]
  const importer = createImporter(root, loading)
  for (const entry of includes.items) {
    const inner = await readInclude(entry, { ...scope, included }, loading)
    loading.report.throwIfErrors()
    if (inner !== undefined) importer.add(await loadScope(inner, loading))
  }
  return withChild(importer.result(), 'include', undefined)
}

/** The scope an entry of `include` opens: its first file says where its folder is. */
async function readInclude(
  entry: Node,
  scope: Scope,
  loading: Loading,
): Promise<Scope | undefined> {
  const written = listScalars(entry.kind === 'map' ? findChild(entry, 'path') : entry)
  const [first] = written
  if (first === undefined) {
    if (entry.kind === 'map') {
      loading.report.error('missing_key', entry.at, "include: missing property 'path'")
    }
    return undefined
  }
  if (
    !checkFiles(
      written.map(({ text }) => text),
      first,
      scope,
      loading,
    )
  )
    return undefined
  const { environment } = scope
  const files = written.map(({ text }) =>
    resolve(resolvePath(text, { base: scope.dir, environment })),
  )
  if (!(await areAllowed('include', files, written, loading))) return undefined
  const given = entry.kind === 'map' ? findText(entry, 'project_directory') : undefined
  const dir = resolve(scope.dir, given ?? dirname(files[0] ?? ''))
  const isElsewhere = given !== undefined && isAbsolute(given)
  const base = isElsewhere ? dir : relative(scope.dir, dir) || '.'
  const envFiles = findEnvFiles(entry, scope)
  const envPaths = envFiles?.flatMap((node) => (node.kind === 'scalar' ? [node.text] : []))
  if (!(await areAllowed('env file', envPaths ?? [], envFiles ?? [], loading))) return undefined
  if (!(await areAllowed('project directory', [dir], [entry], loading))) return undefined
  return {
    files,
    dir,
    base,
    environment: await readInner(entry, envPaths, dir, scope.environment, loading),
    included: scope.included,
    askedAt: entry.at,
  }
}

/** A confined load reads none of the paths when one of them leads elsewhere. */
async function areAllowed(
  what: string,
  paths: readonly string[],
  askedBy: readonly Node[],
  { confinement }: Loading,
): Promise<boolean> {
  let allowed = true
  for (const [index, path] of paths.entries()) {
    const at = askedBy[index]?.at
    if (at !== undefined && !(await confinement.check(what, path, at))) allowed = false
  }
  return allowed
}

function checkFiles(
  paths: readonly string[],
  at: Node,
  { dir, included, environment }: Scope,
  { report, limits }: Loading,
): boolean {
  const remote = paths.find(isRemoteFile)
  if (remote !== undefined) {
    const message = `include ${remote} is not on this machine, and nothing is fetched`
    report.error('remote_file', at.at, message, 'download it and include the copy')
    return false
  }
  const main = resolve(resolvePath(paths[0] ?? '', { base: dir, environment }))
  if (included.includes(main)) {
    const message = `include cycle detected: ${[...included, main].join(' includes ')}`
    report.error('include_cycle', at.at, message, 'take one of these includes out')
    return false
  }
  if (included.length < limits.depthMax) return true
  report.error('too_deep', at.at, `more than ${limits.depthMax} files include each other`)
  return false
}

/** Undefined: the `.env` of the included folder, if there is one. */
function findEnvFiles(entry: Node, { dir, environment }: Scope): Node[] | undefined {
  const written = entry.kind === 'map' ? findChild(entry, 'env_file') : undefined
  if (written === undefined) return undefined
  return listScalars(written)
    .filter(({ text }) => text !== '/dev/null')
    .map((node) => ({ ...node, text: resolve(resolvePath(node.text, { base: dir, environment })) }))
}

/** The environment of the outer project over what the included one's env files say. */
async function readInner(
  entry: Node,
  envFiles: string[] | undefined,
  dir: string,
  outer: Environment,
  loading: Loading,
): Promise<Environment> {
  return readEnvironment({
    workingDir: dir,
    envFiles,
    outer,
    readText: loading.readText,
    report: loading.report,
    askedAt: entry.at,
  })
}

/** Collects what included projects bring, under what the document itself says. */
function createImporter(root: MapNode, { report }: Loading) {
  let tree = root
  const imported = new Map<string, Node>()

  function merge(section: string, entry: Entry, own: Entry | undefined): Entry {
    const path = `${section}.${entry.key}`
    const earlier = imported.get(path)
    imported.set(path, entry.value)
    if (own === undefined || own.value.mark === 'reset' || isNull(own.value)) return entry
    if (earlier !== undefined && !isSamePlace(entry.value, earlier)) {
      const message = `${path} is included twice, also from ${earlier.at.file}:${earlier.at.line}`
      report.warn('include_conflict', entry.value.at, message, 'rename one of the two')
    }
    if (entry.value.kind !== 'map' || own.value.kind !== 'map') return own
    const rules = rulesFor(section, entry.key)
    return { ...own, value: mergeTrees(entry.value, own.value, report, rules) }
  }

  return {
    add(source: MapNode): void {
      for (const section of sections) {
        const brought = findMap(source, section)
        if (brought === undefined) continue
        const own = findMap(tree, section) ?? mapOf([], brought)
        const entries = new Map(own.entries)
        for (const [key, entry] of brought.entries) {
          entries.set(key, merge(section, entry, entries.get(key)))
        }
        tree = withChild(tree, section, { ...own, entries })
      }
    },
    result: () => tree,
  }
}

function isSamePlace({ at: a }: Node, { at: b }: Node): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column
}
