import { originsOf, type Origin, type Project } from '@keelson/compose'
import { formatPlace } from '../failure.ts'

/** What was put into a value that is written elsewhere: variables, and defaults of them. */
const isIngredient = ({ note = '' }: Origin): boolean =>
  /^((env file |shell )?variable |default of )/.test(note)

/**
 * Where a value is from, in the words of a comment: `compose.yaml:4:7 (anchor x-env)`, and of one
 * with variables in it where those are from: `compose.yaml:4:7, .env:2:1 (env file variable PORT)`.
 */
export const commentOfOrigins =
  (project: Project, cwd: string) =>
  (path: string): string | undefined => {
    const [first, ...others] = originsOf(project, path)
    if (first === undefined) return undefined
    return [first, ...others.filter(isIngredient)]
      .map((origin) => describeOrigin(origin, cwd))
      .join(', ')
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
