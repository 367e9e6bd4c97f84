// Makes the keys of the stack on its first start, and leaves those that are there as they are.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLog } from '../../../shared/log.mjs'

const log = createLog('keys')
const folder = process.env.KEYS_FOLDER ?? '/keys'
const names = ['credentials_key', 'service_key', 'admin_password', 'postgres_password']

// In a container the folder is a volume that only this stack has; elsewhere it is its owner's alone.
mkdirSync(folder, { recursive: true, mode: 0o700 })
for (const name of names) {
  const path = join(folder, name)
  if (existsSync(path)) continue
  // Never half a key: the whole file gets its name at once.
  writeFileSync(`${path}.new`, randomBytes(32).toString('hex'), { mode: 0o444 })
  renameSync(`${path}.new`, path)
  log.info('key made', { name, folder })
}
