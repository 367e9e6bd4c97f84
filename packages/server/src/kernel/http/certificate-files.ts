import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { AppError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { certificateOf, type Certificate, type CertificateSource } from './certificate.ts'

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

type FilesDeps = { files: CertificateFiles; clock: Clock; log: Log }

/**
 * Reads the files, and tells of each new certificate in them. One that does not fit, as while only one
 * of the two is replaced, is said in the log once, and the one before goes on. `start` throws AppError
 * `env_invalid` for the first.
 */
export const certificateFromFiles = ({ files, clock, log }: FilesDeps): CertificateSource => {
  let seen = ''
  let certificate: Certificate | null = null
  let problem: string | null = null
  let timer = { cancel: () => {} }
  let closed = false

  const look = async (use: (certificate: Certificate) => void): Promise<void> => {
    const mark = await markOf(files)
    if (mark !== seen) {
      seen = mark
      try {
        const next = await readCertificate(files)
        if (!closed) use(next)
        certificate = next
        problem = null
        const { names, expiresAt } = certificate
        log.info({ names, expiresAt: expiresAt.toISOString() }, 'another certificate is in use')
      } catch (error) {
        problem = messageOf(error)
        log.error({ reason: problem }, 'the certificate before stays in use')
      }
    }
    wait(use)
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
