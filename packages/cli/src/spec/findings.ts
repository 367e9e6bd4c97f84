import type { Service } from '@keelson/compose'

/** Something the file says that Keelson does not carry out; `path` leads to its place in the file. */
export type Finding = { path: string; message: string; hint: string }
export type Findings = { refused: Finding[]; unused: Finding[] }

/** `key` is inside the service: `deploy.placement.constraints.0`. */
export type Say = (key: string, what: string, hint: string) => void

/** What a service may be told: keys are looked at only where the file has them. */
export type Told = { service: Service; refuse: Say; unused: Say }

export const findingAt = ({ name }: Service, key: string, what: string, hint: string): Finding => ({
  path: `services.${name}.${key}`,
  message: `service "${name}": ${what}`,
  hint,
})

/** Whether something was written: an empty list or map is what a missing one is. */
export const isSaid = (value: unknown): boolean => {
  if (value === undefined || value === false || value === '') return false
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0
}
