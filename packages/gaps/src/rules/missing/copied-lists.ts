import { posix } from 'node:path'
import { hasWildcard } from '../../readers/dockerfile-patterns.ts'
import type { BuildEvidence, CopyEvidence, StageEvidence, System } from '../../systems/system.ts'
import { inRepository, isAbsent, pathInContext } from './context-paths.ts'

/** What a line of a Dockerfile installs from: one of these files, from its folder if not absolute. */
export type Wanted = { command: string; files: readonly string[] }

type Run = StageEvidence['runs'][number]
type Looking = { stage: StageEvidence; build: BuildEvidence; context: string; system: System }

/** Where the list would have to be in the repository, and the COPY that would have to bring it. */
export type Looked = { path: string; copy: CopyEvidence }

/**
 * Undefined when some file that the line can go by is brought by a COPY, or when that is not known:
 * another stage, an archive, a mount, a program of a line before.
 */
export const lookFor = (wanted: Wanted, run: Run, looking: Looking): Looked | undefined => {
  const { stage } = looking
  if (run.hasMount === true || isMadeBefore(wanted, run, stage)) return undefined
  const targets = wanted.files.flatMap((file) => targetOf(file, run) ?? [])
  if (targets.length < wanted.files.length) return undefined
  const found: Looked[] = []
  for (const target of targets) {
    for (const copy of stage.copies.filter(({ line }) => line < run.line)) {
      const looked = lookIn(copy, target, looking)
      if (looked === 'brought') return undefined
      if (looked !== undefined) found.push(looked)
    }
  }
  return found[0]
}

const targetOf = (file: string, { workdir }: Run): string | undefined =>
  file.startsWith('/') || workdir !== undefined ? posix.resolve(workdir ?? '/', file) : undefined

/** Does the COPY bring the file of the image? Undefined: it goes elsewhere. */
const lookIn = (
  copy: CopyEvidence,
  target: string,
  looking: Looking,
): Looked | 'brought' | undefined => {
  const { sources, destination, from, isAdd, hasOptions } = copy
  if (destination === undefined) return 'brought'
  const folder = destination.replace(/\/+$/, '')
  if (target !== folder && !target.startsWith(`${folder}/`)) return undefined
  // What another stage or an archive brings is not known.
  if (from !== undefined || isAdd || hasOptions) return 'brought'
  const looked = sources.map((source) => lookInSource(source, target, { copy, folder, ...looking }))
  return looked.includes('brought') ? 'brought' : looked.find((one) => one !== undefined)
}

type Source = Looking & { copy: CopyEvidence; folder: string }

const lookInSource = (
  source: string | undefined,
  target: string,
  { copy, folder, stage, build, context, system }: Source,
): Looked | 'brought' | undefined => {
  if (source === undefined) return 'brought'
  const isPattern = hasWildcard(source)
  const path = pathInContext(isPattern ? posix.dirname(source) : source)
  if (path === undefined) return 'brought'
  const { tree } = system
  const isFolder = !isPattern && (path === '' || tree.isFolder(inRepository(context, path)))
  const rest = posix.relative(folder === '' ? '/' : folder, target)
  if (isFolder) {
    const file = posix.join(path, rest)
    const isThere = !isAbsent(system, inRepository(context, file)) && !build.ignores(file)
    return isThere ? 'brought' : { copy, path: inRepository(context, file) }
  }
  // Of single files: one of the same name in the folder, or one that gets the name.
  if (rest.includes('/')) return undefined
  if (rest === '' || posix.basename(path) === rest) return 'brought'
  const file = isPattern ? posix.join(path, rest) : posix.join(posix.dirname(path), rest)
  const isThere = !isAbsent(system, inRepository(context, file))
  if (isPattern && isThere) return 'brought'
  // An image that somebody made for it may have the file.
  return stage.base?.known?.kind === 'runtime'
    ? { copy, path: inRepository(context, file) }
    : undefined
}

/** Commands that bring files of which nobody can tell the names. */
const brings =
  /(?:^|[;&|(\n])[ \t]{0,100}(?:sudo )?(?:npm (?:i|install|init)(?![^\n;&|]*(?: -g\b| --global\b| --prefix\b))|git clone|curl|wget|tar|unzip|pip-compile|uv|poetry|pdm|pipenv|mv|cp|ln)\b/

/** Named in a line before, or brought by a program. */
const isMadeBefore = ({ files }: Wanted, { line, text }: Run, { runs }: StageEvidence): boolean =>
  brings.test(text) ||
  runs.some(
    (run) =>
      run.line < line && (brings.test(run.text) || files.some((file) => run.text.includes(file))),
  )
