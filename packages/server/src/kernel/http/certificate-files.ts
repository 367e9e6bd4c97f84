import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { AppError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { certificateOf, isFor, type Certificate, type CertificateSource } from './certificate.ts'

type CertificateFiles = { certFile: string; keyFile: string }

/** Throws AppError `env_invalid` that says which of the two files is wrong, and how. */
const readCertificate = async (files: CertificateFiles): Promise<Certificate> => {
  const cert = await readPem('KEELSON_TLS_CERT_FILE', files.certFile)
  const key = await readPem('KEELSON_TLS_KEY_FILE', files.keyFile)
  const first = parsed(files.certFile, 'certificate', () => new X509Certificate(cert))
  const secret = parsed<KeyObject>(files.keyFile, 'private key', () => createPrivateKey(key))
  if (!first.checkPrivateKey(secret)) {
    throw invalid(`${files.keyFile} is not the key of the certificate in ${files.certFile}`)
  }
  return parsed(files.certFile, 'chain that can be shown', () => certificateOf({ cert, key }))
}

const readPem = async (variable: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw invalid(`${variable} names a file that cannot be read: ${messageOf(error)}`)
  }
}

const parsed = <T>(path: string, what: string, parse: () => T): T => {
  try {
    return parse()
  } catch {
    // Not what OpenSSL says: it may quote a key.
    throw invalid(`${path} holds no ${what} in PEM, or one with a password`)
  }
}

const invalid = (message: string): AppError => new AppError('env_invalid', { message })

const lookEachMs = 10_000

type FilesDeps = {
  files: CertificateFiles
  /** By which people come: an address or a name. */
  host: string
  clock: Clock
  log: Log
}

/**
 * Reads the files, and tells of each new certificate in them. What is worse than the one there is does
 * not take its place, and is said in the log once: a pair that does not fit, as while only one of the two
 * is replaced, or a certificate that is not valid now or for another name. `start` throws AppError
 * `env_invalid` for the first.
 */
export const certificateFromFiles = (deps: FilesDeps): CertificateSource => {
  const { files, host, clock, log } = deps
  let seen = ''
  let certificate: Certificate | null = null
  /** In the files, and not in use: it may become valid, or the one in use invalid. */
  let waiting: Certificate | null = null
  let problem: string | null = null
  let timer = { cancel: () => {} }
  let closed = false

  const faultOf = (given: Certificate): string | null => {
    const now = clock.now()
    if (given.expiresAt <= now) return `it ended at ${given.expiresAt.toISOString()}`
    if (given.startsAt > now) return `it is valid from ${given.startsAt.toISOString()} on`
    return isFor(given, host) ? null : `it is not for ${host}`
  }

  const look = async (use: (certificate: Certificate) => void): Promise<void> => {
    const mark = await markOf(files)
    try {
      if (mark !== seen) {
        seen = mark
        waiting = null
        waiting = await readCertificate(files)
      }
      if (waiting !== null) takeUnlessWorse(waiting, use)
    } catch (error) {
      problem = messageOf(error)
      log.error({ reason: problem }, 'the certificate before stays in use')
    }
    wait(use)
  }

  const takeUnlessWorse = (next: Certificate, use: (certificate: Certificate) => void): void => {
    const fault = faultOf(next)
    if (fault !== null && certificate !== null && faultOf(certificate) === null) {
      const reason = `The certificate in ${files.certFile} is not taken: ${fault}`
      if (reason !== problem) log.warn({ reason }, 'the certificate before stays in use')
      problem = reason
      return
    }
    waiting = null
    if (!closed) use(next)
    certificate = next
    problem = null
    const facts = { names: next.names, expiresAt: next.expiresAt.toISOString() }
    if (fault === null) log.info(facts, 'another certificate is in use')
    else log.warn({ ...facts, reason: fault }, 'another certificate is in use')
  }

  const wait = (use: (certificate: Certificate) => void): void => {
    if (!closed) timer = clock.setTimer(() => void look(use), lookEachMs)
  }

  return {
    async start(use) {
      seen = await markOf(files) // before they are read: what changes meanwhile is read again
      certificate = await readCertificate(files)
      wait(use)
      return certificate
    },
    onOpen: () => {},
    accept: (socket, shake) => shake(socket),
    state: () => ({ from: 'files', certificate, problem, nextTryAt: null }),
    close: async () => {
      closed = true
      timer.cancel()
    },
  }
}

/** Changes with the files, also when a link to them is turned as Kubernetes does. */
const markOf = async ({ certFile, keyFile }: CertificateFiles): Promise<string> => {
  const marks = await Promise.all(
    [certFile, keyFile].map(async (path) => {
      const found = await stat(path, { bigint: true }).catch(() => null)
      return found === null ? '-' : `${found.ino}/${found.size}/${found.mtimeNs}`
    }),
  )
  return marks.join(' ')
}
