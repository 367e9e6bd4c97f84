import { isIP } from 'node:net'
import { invalid, nonEmpty, type RawEnvironment } from './env-fault.ts'
import { AppError } from './errors.ts'
import { isLoopback } from './loopback.ts'

/** By which the platform gets its certificate itself (RFC 8555). */
export type AcmeSettings = {
  /** The name of the public URL. */
  name: string
  /** Where the certificate authority writes to. */
  email: string
  directoryUrl: string
}

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'
const variables = [
  'KEELSON_TLS_ACME_EMAIL',
  'KEELSON_TLS_ACME_TERMS',
  'KEELSON_TLS_ACME_DIRECTORY',
] as const

/** Undefined when none of the variables is set. Throws AppError `env_invalid`. */
export const parseAcme = (
  raw: RawEnvironment,
  publicUrl: string | undefined,
): AcmeSettings | undefined => {
  if (variables.every((name) => nonEmpty(raw[name]) === undefined)) return undefined
  const directoryUrl = parseDirectory(nonEmpty(raw['KEELSON_TLS_ACME_DIRECTORY']) ?? letsEncrypt)
  const email = parseEmail(raw['KEELSON_TLS_ACME_EMAIL'] ?? '')
  requireTerms(raw['KEELSON_TLS_ACME_TERMS'] ?? '', directoryUrl)
  return { name: nameOf(publicUrl), email, directoryUrl }
}

/** RFC 8555 6.1; without TLS on this machine alone. */
const parseDirectory = (value: string): string => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isPlain = url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  if (url !== undefined && url.username + url.password !== '') {
    const message =
      'KEELSON_TLS_ACME_DIRECTORY holds a name or a password, which no directory takes'
    throw new AppError('env_invalid', { message }) // not repeated
  }
  if (url?.protocol === 'https:' || isPlain) return value
  throw invalid('KEELSON_TLS_ACME_DIRECTORY', value, `an https address such as ${letsEncrypt}`)
}

/** Without what means something else in the address of an account, a URL. */
const mailbox = /^(?!\.)(?!.*\.\.)[A-Za-z0-9.!$'*+=^_`{|}~-]{1,64}(?<!\.)$/

const parseEmail = (value: string): string => {
  const [local = '', host = '', ...others] = value.split('@')
  if (others.length === 0 && mailbox.test(local) && isPublicName(host)) return value
  throw invalid('KEELSON_TLS_ACME_EMAIL', value, 'an address such as ops@example.com')
}

const requireTerms = (value: string, directoryUrl: string): void => {
  if (value === 'agreed') return
  const wanted = `agreed: read the terms of ${directoryUrl}, and set it to that word if you agree`
  throw invalid('KEELSON_TLS_ACME_TERMS', value, wanted)
}

const nameOf = (publicUrl: string | undefined): string => {
  const name = publicUrl === undefined ? '' : new URL(publicUrl).hostname
  if (publicUrl?.startsWith('https:') === true && isPublicName(name)) return name
  throw new AppError('env_invalid', {
    message:
      `KEELSON_TLS_ACME_* gets a certificate for the name people type, and KEELSON_PUBLIC_URL is ` +
      `${publicUrl ?? 'not set'}: set it to an https address with a name that certificate authorities ` +
      `take, as https://ops.example.com (a domain, no wildcard, letters, digits and hyphens), or give ` +
      `certificate files`,
  })
}

const nameMax = 253
const isLocal = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost')

/** A domain below another one, as certificates name it (RFC 5280 4.2.1.6, RFC 1034 3.5). */
const isPublicName = (name: string): boolean => {
  const labels = name.toLowerCase().split('.')
  const isOfLabels = labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label))
  return (
    isOfLabels && labels.length > 1 && name.length <= nameMax && isIP(name) === 0 && !isLocal(name)
  )
}
