import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../../../kernel/postgres/durable-file.ts'
import type { CertificateKeeping, HeldCertificate } from './keeper.ts'
import type { Tried } from './tries.ts'

/** Certificates and the account's key as files of mode 600: for a gateway without a database. */
export const openFolderKeeping = async (
  folder: string,
): Promise<CertificateKeeping & { accountKey: KeyObject }> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    accountKey: await loadAccountKey(join(folder, 'account.pem')),
    async load() {
      const texts = await textsOf(folder, '.json')
      return texts.map((text) => JSON.parse(text) as HeldCertificate)
    },
    save: (certificate) =>
      writeDurably(join(folder, fileOf(certificate, 'json')), JSON.stringify(certificate)),
    async loadTries() {
      const texts = await textsOf(folder, '.tried')
      return texts.map((text) => {
        const tried = JSON.parse(text) as Tried
        return { ...tried, notBefore: new Date(tried.notBefore) }
      })
    },
    saveTry: (tried) => writeDurably(join(folder, fileOf(tried, 'tried')), JSON.stringify(tried)),
  }
}

const textsOf = async (folder: string, ending: string): Promise<string[]> => {
  const files = (await readdir(folder)).filter((name) => name.endsWith(ending))
  return Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
}

/** Names may be longer than a file name may be. */
const fileOf = ({ names }: Pick<HeldCertificate, 'names'>, ending: string): string =>
  `${createHash('sha256').update(names.toSorted().join(' ')).digest('hex').slice(0, 32)}.${ending}`

const loadAccountKey = async (file: string): Promise<KeyObject> => {
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stored !== undefined) return createPrivateKey(stored)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeDurably(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return privateKey
}
