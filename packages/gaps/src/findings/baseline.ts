import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Finding } from '../rules/rule.ts'
import {
  isWrittenInside,
  OwnFileRefused,
  readOwnFile,
  replaceFile,
  writeOwnFile,
} from '../tree/own-files.ts'
import { readText, type ReadText } from '../tree/read-text.ts'
import { GapsInputError } from './input-error.ts'

export const baselineFile = '.keelson/gaps-baseline.json'

/** A finding that was there when the baseline was made. Rule and message are for who reads it. */
export type BaselineEntry = { fingerprint: string; rule: string; message: string }

const sizeLimitBytes = 32 * 1024 * 1024

/**
 * Undefined when there is no such file. One inside of the repository (`root`) is not followed out of
 * it. Throws GapsInputError when it is no baseline.
 */
export const readBaseline = async (
  file: string,
  root: string,
): Promise<BaselineEntry[] | undefined> => {
  const fault = (message: string) =>
    new GapsInputError([
      { file, line: 0, column: 0, message, hint: 'make it anew with --write-baseline' },
    ])
  let found: ReadText | undefined
  try {
    found = isWrittenInside(root, file)
      ? await readOwnFile(root, file, sizeLimitBytes)
      : await readText(file, sizeLimitBytes)
  } catch (error) {
    if (error instanceof OwnFileRefused) throw refusedAt(file, error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fault(`cannot be read: ${code}`)
  }
  if (found === undefined) return undefined
  if (found === 'binary' || found === 'too large') throw fault('is no baseline')
  const parsed = parse(found.text)
  const findings = isObject(parsed) ? parsed['findings'] : undefined
  if (!Array.isArray(findings)) throw fault('is no baseline: no list of findings in it')
  return findings.map((entry, index) => {
    if (!isObject(entry) || typeof entry['fingerprint'] !== 'string') {
      throw fault(`is no baseline: entry ${index + 1} has no fingerprint`)
    }
    const { fingerprint, rule, message } = entry
    return { fingerprint, rule: String(rule), message: String(message) }
  })
}

const refusedAt = (file: string, { message }: OwnFileRefused): GapsInputError => {
  const hint = 'put a regular file there, or name another one with --baseline'
  return new GapsInputError([{ file, line: 0, column: 0, message, hint }])
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/**
 * Whole or not at all: a baseline that was cut off would let nothing through. One inside of the
 * repository (`root`) is never written elsewhere, wherever links of it lead: throws GapsInputError.
 */
export const writeBaseline = async (
  file: string,
  findings: readonly Finding[],
  root: string,
): Promise<void> => {
  const entries = findings
    .map(({ fingerprint, rule, message }): BaselineEntry => ({ fingerprint, rule, message }))
    .toSorted((a, b) => (a.rule + a.fingerprint < b.rule + b.fingerprint ? -1 : 1))
  const text = `${JSON.stringify({ version: 1, findings: entries }, null, 2)}\n`
  if (!isWrittenInside(root, file)) {
    await mkdir(dirname(file), { recursive: true })
    return replaceFile(file, text)
  }
  try {
    await writeOwnFile(root, file, text)
  } catch (error) {
    throw error instanceof OwnFileRefused ? refusedAt(file, error) : error
  }
}

/** What is not in the baseline, and entries that nothing matches any more. */
export const compareBaseline = (
  findings: readonly Finding[],
  baseline: readonly BaselineEntry[],
  ran: (rule: string) => boolean = () => true,
): { fresh: Finding[]; known: Finding[]; stale: BaselineEntry[] } => {
  const entries = new Set(baseline.map(({ fingerprint }) => fingerprint))
  const there = new Set(findings.map(({ fingerprint }) => fingerprint))
  return {
    fresh: findings.filter(({ fingerprint }) => !entries.has(fingerprint)),
    known: findings.filter(({ fingerprint }) => entries.has(fingerprint)),
    stale: baseline.filter(({ fingerprint, rule }) => ran(rule) && !there.has(fingerprint)),
  }
}
