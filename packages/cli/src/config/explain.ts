import { originsOf, type Origin, type Project } from '@keelson/compose'
import { usageError } from '../failure.ts'
import type { Colors } from '../output.ts'
import { closestTo } from '../suggestion.ts'
import { placeOf } from './origins.ts'

type Explained = {
  path: string
  value: unknown
  isWritten: boolean
  origins: Origin[]
  /** Profiles of the service that are all off, so that it is not part of the stack. */
  profilesOff?: string[]
}

/** How the value at a path came to be. Throws for a path that leads nowhere, with the nearest one. */
export const explain = (project: Project, model: unknown, path: string): Explained => {
  const found = findValue(model, path.split('.'))
  const isWritten = project.origins.has(path)
  if (found === undefined && !isWritten) throw unknownPath(project, model, path)
  return { path, value: found?.value, isWritten, origins: originsOf(project, path) }
}

/** The service that a path leads into, when its profiles are off. */
export const disabledServiceOf = (project: Project, path: string): string | undefined =>
  project.disabledServices.find(
    (name) => path === `services.${name}` || path.startsWith(`services.${name}.`),
  )

/** Keys may have dots in them (`labels.com.example.team`), so all ways of reading it are tried. */
const findValue = (node: unknown, words: readonly string[]): { value: unknown } | undefined => {
  if (words.length === 0) return { value: node }
  if (typeof node !== 'object' || node === null) return undefined
  for (let taken = 1; taken <= words.length; taken += 1) {
    const key = words.slice(0, taken).join('.')
    if (!Object.hasOwn(node, key)) continue
    const found = findValue((node as Record<string, unknown>)[key], words.slice(taken))
    if (found !== undefined) return found
  }
  return undefined
}

/** Names the place where the path stops leading anywhere, and what there is instead. */
const unknownPath = (project: Project, model: unknown, path: string) => {
  const words = path.split('.')
  for (let end = words.length - 1; end >= 0; end -= 1) {
    const found = findValue(model, words.slice(0, end))
    if (typeof found?.value !== 'object' || found.value === null) continue
    const base = words.slice(0, end).join('.')
    const keys = Object.keys(found.value)
    const meant = closestTo(words.slice(end).join('.'), keys) ?? closestTo(words[end] ?? '', keys)
    const message = `${base === '' ? 'The model' : base} has no ${words[end] ?? ''} in these files`
    const first = keys.slice(0, keysShownMax).join(', ')
    const all = keys.length > keysShownMax ? `${first} …` : first
    const hint = meant === undefined ? `one of ${all}` : `${base === '' ? '' : `${base}.`}${meant}`
    return usageError(message, hint)
  }
  return usageError(`${project.name} has nothing at ${path}`, 'services.<name>.<key>')
}

const keysShownMax = 12

/** The story, newest decision first. */
export const formatExplained = (
  { path, value, isWritten, origins, profilesOff }: Explained,
  cwd: string,
  colors: Colors,
): string => {
  const shown = typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value, null, 2)
  const first = profilesOff?.[0] ?? ''
  const off =
    profilesOff === undefined
      ? ''
      : `\n${colors.yellow('!')} not part of the stack: ${profilesText(profilesOff)}; turn it on with --profile ${first}`
  const head = `${colors.bold(path)} = ${shown ?? 'not printed'}${off}`
  if (origins.length === 0)
    return `${head}\n\n  nobody wrote it: it is a default of the specification`
  const places = origins.map((origin) => placeOf(origin, cwd))
  const width = Math.max(...places.map((place) => place.length))
  const lines = origins.map((origin, at) => {
    const what = origin.note ?? (isWritten ? (at === 0 ? 'written here' : 'from here') : 'default')
    return `  ${colors.cyan((places[at] ?? '').padEnd(width))}  ${wordsOf(what, isWritten)}`
  })
  return [head, '', ...lines].join('\n')
}

const profilesText = (profiles: readonly string[]): string =>
  profiles.length === 1
    ? `its profile ${profiles[0]} is off`
    : `its profiles ${profiles.join(', ')} are off`

const wordsOf = (note: string, isWritten: boolean): string =>
  note === 'default' && !isWritten ? 'a default: nobody wrote it; this is what it belongs to' : note
