import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { WatchRule } from './rules.ts'

export type Copy = { source: string; target: string }

/** What a batch of changes asks of one service. */
export type ServiceChange = {
  service: string
  rebuild: boolean
  copies: Copy[]
  removals: string[]
  afterwards: 'nothing' | 'restart' | 'exec'
  /** Changed files, for the message. */
  paths: string[]
}

/** Folders with more than this are no sources. */
const filesMax = 50_000

/** Changes by service, each rule asked about each path; a rebuild makes all the rest needless. */
export const sortChanges = async (
  rules: readonly WatchRule[],
  paths: readonly string[],
): Promise<ServiceChange[]> => {
  const found = new Map<string, ServiceChange>()
  const files = await Promise.all(paths.map(describePath))
  for (const rule of rules) {
    for (const { path, isThere, isFolder, inside } of files) {
      const touched = (isFolder ? inside : [path]).filter(rule.isAbout)
      if (touched.length === 0) continue
      const change = found.get(rule.service) ?? emptyChange(rule.service)
      found.set(rule.service, change)
      change.paths.push(...touched)
      apply(change, rule, touched, isThere)
    }
  }
  return [...found.values()]
}

/** All that is there already, for rules that want it before the first change. */
export const initialChanges = async (rules: readonly WatchRule[]): Promise<ServiceChange[]> => {
  const wanted = rules.filter(({ spec }) => spec.initialSync && spec.action.startsWith('sync'))
  const found = await sortChanges(
    wanted,
    wanted.map(({ spec }) => spec.path),
  )
  return found.map((change) => ({ ...change, afterwards: 'nothing' as const }))
}

const emptyChange = (service: string): ServiceChange => ({
  service,
  rebuild: false,
  copies: [],
  removals: [],
  afterwards: 'nothing',
  paths: [],
})

const apply = (
  change: ServiceChange,
  { spec, targetOf }: WatchRule,
  paths: readonly string[],
  isThere: boolean,
): void => {
  const { action } = spec
  if (action === 'rebuild') change.rebuild = true
  if (action.startsWith('sync')) {
    if (isThere)
      change.copies.push(...paths.map((path) => ({ source: path, target: targetOf(path) })))
    else change.removals.push(...paths.map(targetOf))
  }
  if (action === 'restart' || action === 'sync+restart') change.afterwards = 'restart'
  else if (action === 'sync+exec' && change.afterwards === 'nothing') change.afterwards = 'exec'
}

/** A folder stands for the files in it: one that was moved here tells only its own name. */
const describePath = async (path: string) => {
  const found = await lstat(path).catch(() => undefined)
  const isFolder = found?.isDirectory() === true
  const inside = isFolder ? await filesBelow(path) : []
  return { path, isThere: found !== undefined, isFolder, inside }
}

const filesBelow = async (folder: string): Promise<string[]> => {
  const files: string[] = []
  const folders = [folder]
  for (
    let next = folders.pop();
    next !== undefined && files.length < filesMax;
    next = folders.pop()
  ) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() || entry.isSymbolicLink()) files.push(path)
    }
  }
  return files
}
