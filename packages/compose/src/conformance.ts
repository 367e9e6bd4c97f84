import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Test material other people wrote, kept beside the repository; tests skip loudly without it. */
export const conformanceDir = fileURLToPath(
  new URL('../../../../shared/conformance', import.meta.url),
)

/** The message a test skips with, or false when the material is there. */
export function missingConformance(path: string): string | false {
  const file = `${conformanceDir}/${path}`
  return existsSync(file) ? false : `SKIPPED: the conformance material ${path} is not present`
}

/** A table of cases; empty when the material is absent. */
export function readCases<T>(path: string): T[] {
  if (missingConformance(path) !== false) return []
  return JSON.parse(readFileSync(`${conformanceDir}/${path}`, 'utf8')) as T[]
}
