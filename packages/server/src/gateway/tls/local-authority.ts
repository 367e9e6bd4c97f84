import { createPrivateKey, generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { writeDurably } from '../../kernel/postgres/durable-file.ts'
import { writeFirst } from './write-first.ts'
import { createCertificate } from './x509/certificate.ts'
import { subjectNameOf } from './x509/facts.ts'

export type KeyAndCertificate = { key: string; cert: string }

const dayMs = 86_400_000
const authorityLifeMs = 3650 * dayMs
/** Clients refuse more than 398 days (CA/Browser Forum Ballot SC31); ours are made anew in memory. */
const leafLifeMs = 90 * dayMs
/** Clocks of clients may be behind. */
const earlierMs = dayMs
/** Names that requests ask for; the oldest is forgotten and made again when it is asked for. */
const leavesMax = 1000

const authorityFile = 'local-ca.pem'

const newKey = promisify(generateKeyPair)

export type LocalAuthority = {
  /** PEM, to be trusted by whoever develops here. */
  certificate: string
  /** A certificate for this name, signed by the authority; the same one as long as it is good. */
  leafFor(name: string): Promise<KeyAndCertificate>
}

/**
 * The certificate authority of this machine, for names that nobody has a certificate for. Made once;
 * its key stays in `folder` (mode 600), so that it is trusted only once. Leaves are in memory.
 */
export const openLocalAuthority = async (folder: string, clock: Clock): Promise<LocalAuthority> => {
  const { key, certificate } = await loadOrMake(folder, clock)
  const commonName = subjectNameOf(new X509Certificate(certificate))
  const leaves = new LRUCache<string, Promise<KeyAndCertificate & { untilMs: number }>>({
    max: leavesMax,
  })

  const make = async (name: string): Promise<KeyAndCertificate & { untilMs: number }> => {
    const nowMs = clock.now().getTime()
    const { privateKey } = await newKey('ec', { namedCurve: 'P-256' })
    const cert = createCertificate({
      ...{ commonName: name, names: namesOf(name), key: privateKey, isAuthority: false },
      ...{ notBefore: new Date(nowMs - earlierMs), notAfter: new Date(nowMs + leafLifeMs) },
      issuer: { commonName, key },
    })
    return { key: pemOf(privateKey), cert: cert + certificate, untilMs: nowMs + leafLifeMs / 2 }
  }

  return {
    certificate,
    async leafFor(name) {
      const known = leaves.get(name)
      if (known !== undefined) {
        const leaf = await known
        if (leaf.untilMs > clock.now().getTime()) return leaf
      }
      const making = make(name)
      leaves.set(name, making)
      // A failure is not kept: the next one tries again.
      making.catch(() => leaves.delete(name))
      return making
    },
  }
}

/** Who names an address asks for nobody by name (RFC 6066 3), and is shown what localhost is. */
const namesOf = (name: string): string[] =>
  name === 'localhost' ? [name, '127.0.0.1', '::1'] : [name]

const loadOrMake = async (
  folder: string,
  clock: Clock,
): Promise<{ key: KeyObject; certificate: string }> => {
  const file = join(folder, authorityFile)
  const stored = await read(file)
  if (stored !== undefined && endOf(stored.certificate) > clock.now().getTime()) return stored
  const made = await makeAuthority(clock)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // In one file: they belong together.
  const text = pemOf(made.key) + made.certificate
  if (stored !== undefined) await writeDurably(file, text)
  // Two that start at the same time end up with the same one.
  else if (!(await writeFirst(file, text))) return (await read(file)) ?? made
  return made
}

const read = async (file: string): Promise<{ key: KeyObject; certificate: string } | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const at = text.indexOf('-----BEGIN CERTIFICATE-----')
  return { key: createPrivateKey(text.slice(0, at)), certificate: text.slice(at) }
}

const endOf = (certificate: string): number => Date.parse(new X509Certificate(certificate).validTo)

const makeAuthority = async (clock: Clock) => {
  const nowMs = clock.now().getTime()
  const { privateKey: key } = await newKey('ec', { namedCurve: 'P-256' })
  const commonName = `Keelson local CA ${clock.now().toISOString().slice(0, 10)}`
  const certificate = createCertificate({
    ...{ commonName, names: [], key, isAuthority: true },
    ...{ notBefore: new Date(nowMs - earlierMs), notAfter: new Date(nowMs + authorityLifeMs) },
  })
  return { key, certificate }
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The certificate (PEM) of the authority in this folder; null when none was made yet. */
export const localAuthorityThere = async (folder: string): Promise<string | null> =>
  (await read(join(folder, authorityFile)))?.certificate ?? null

/**
 * The authority in this folder, or null with a warning: TLS goes on with the certificates there
 * are.
 */
export const localAuthorityIn = async (
  folder: string,
  clock: Clock,
  log: { warn(facts: object, message: string): void },
): Promise<LocalAuthority | null> => {
  try {
    return await openLocalAuthority(folder, clock)
  } catch (error) {
    log.warn({ folder, reason: messageOf(error) }, 'no authority for names without a certificate')
    return null
  }
}
