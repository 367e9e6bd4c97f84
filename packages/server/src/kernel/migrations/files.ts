import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type MigrationFile = {
  domain: string
  number: number
  /** File name without extension: 0001_events. */
  name: string
  path: string
  sql: string
  /** SHA-256 of the text with LF line ends, so that a checkout on another system is no change. */
  checksum: string
  transactional: boolean
}

const fileName = /^(\d{4})_[a-z0-9_]+\.sql$/
const noTransaction = '-- no transaction'

/** All files in the order they are applied. Asserts names, and numbers from 1 without gaps. */
export const readMigrationFiles = async (
  sources: readonly { domain: string; dir: string }[],
): Promise<MigrationFile[]> => {
  const domains = new Set(sources.map(({ domain }) => domain))
  assert(domains.size === sources.length, 'a domain has two sources of migrations')
  const files = await Promise.all(sources.map(({ domain, dir }) => readDomain(domain, dir)))
  return files.flat()
}

const readDomain = async (domain: string, dir: string): Promise<MigrationFile[]> => {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  const files = await Promise.all(names.map((name) => readMigration(domain, join(dir, name), name)))
  for (const [index, file] of files.entries()) {
    const { number, path } = file
    assert(number === index + 1, `${path}: expected number ${index + 1}, found ${number}`)
  }
  return files
}

const readMigration = async (
  domain: string,
  path: string,
  name: string,
): Promise<MigrationFile> => {
  const number = fileName.exec(name)?.[1]
  assert(number !== undefined, `${path}: a migration is named like 0001_name.sql`)
  const sql = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
  return {
    domain,
    number: Number(number),
    name: name.slice(0, -'.sql'.length),
    path,
    sql,
    checksum: createHash('sha256').update(sql).digest('hex'),
    transactional: sql.split('\n', 1)[0]?.trim() !== noTransaction,
  }
}
