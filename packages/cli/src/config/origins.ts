import { originsOf, type Origin, type Project } from '@keelson/compose'
import { formatPlace } from '../failure.ts'

/** Where a value is from, in the words of a comment: `compose.yaml:4:7, anchor x-env`. */
export const commentOfOrigins =
  (project: Project, cwd: string) =>
  (path: string): string | undefined => {
    const [first] = originsOf(project, path)
    return first === undefined ? undefined : describeOrigin(first, cwd)
  }

const describeOrigin = (origin: Origin, cwd: string): string => {
  const place = placeOf(origin, cwd)
  if (origin.note === undefined) return place
  return place === '' ? origin.note : `${place} (${origin.note})`
}

/** A variable of the shell has no file. */
export const placeOf = (origin: Origin, cwd: string): string =>
  origin.line > 0 ? formatPlace(origin, cwd) : origin.file

/** Origins of every value of the model, by path. */
export const allOrigins = (project: Project, model: unknown): Record<string, Origin[]> => {
  const found: Record<string, Origin[]> = {}
  const walk = (value: unknown, path: string) => {
    if (path !== '') {
      const origins = originsOf(project, path)
      if (origins.length > 0) found[path] = origins
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      walk(child, path === '' ? key : `${path}.${key}`)
    }
  }
  walk(model, '')
  return found
}
