import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../../../kernel/postgres/durable-file.ts'
import type { CertificateKeeping, HeldCertificate } from './keeper.ts'

/** Certificates and the account's key as files of mode 600: for a gateway without a database. */
export const openFolderKeeping = async (
  folder: string,
): Promise<CertificateKeeping & { accountKey: KeyObject }> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    accountKey: await loadAccountKey(join(folder, 'account.pem')),
    async load() {
      const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
      const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
      return texts.map((text) => JSON.parse(text) as HeldCertificate)
    },
    save: (certificate) =>
      writeDurably(join(folder, fileOf(certificate)), JSON.stringify(certificate)),
  }
}

/** Names may be longer than a file name may be. */
const fileOf = ({ names }: HeldCertificate): string =>
  `${createHash('sha256').update(names.toSorted().join(' ')).digest('hex').slice(0, 32)}.json`

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
