import type { Origin } from './diagnostics.ts'
import type { Project } from './model.ts'
import { placeOf } from './origins.ts'

/** What the check of consistency looks at. */
export type Model = Pick<
  Project,
  'services' | 'networks' | 'volumes' | 'configs' | 'secrets' | 'models' | 'tree'
> & {
  /** Names that exist but whose profiles are off, with those profiles. */
  disabled: ReadonlyMap<string, readonly string[]>
}

/** Where a finding about the value under these keys points. */
export function at(model: Model, ...keys: (string | number)[]): Origin {
  return placeOf(model.tree, keys)
}
