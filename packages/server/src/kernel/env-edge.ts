import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { isLoopback } from './loopback.ts'
import { parseAcme, type AcmeSettings } from './env-acme.ts'
import { invalid, nonEmpty, type RawEnvironment } from './env-fault.ts'
import { AppError } from './errors.ts'

/** How the platform itself is reached. */
export type Edge = {
  /** An IP address, or localhost. */
  host: string
  /** As https://ops.example.com: no path, no slash at its end. */
  publicUrl: string | undefined
  /** Addresses and CIDR ranges. */
  trustedProxies: readonly string[]
  tls: TlsSettings | undefined
}

/** Absolute paths of PEM files, or how to get a certificate. */
type TlsSettings = { port: number } & (
  | { certFile: string; keyFile: string; acme?: undefined }
  | { acme: AcmeSettings }
)

type Given = { trustedProxies: readonly string[]; tlsPort: () => number }

/** Throws AppError `env_invalid`. */
export const parseEdge = (raw: RawEnvironment, { trustedProxies, tlsPort }: Given): Edge => {
  const publicUrl = parsePublicUrl(nonEmpty(raw['KEELSON_PUBLIC_URL']))
  const edge: Edge = {
    host: parseHost(raw['KEELSON_HOST'] ?? '127.0.0.1'),
    publicUrl,
    trustedProxies,
    tls: parseTls(raw, { publicUrl, port: tlsPort }),
  }
  refuseUnguarded(edge)
  return edge
}

const parseHost = (value: string): string => {
  if (value === 'localhost' || isIP(value) !== 0) return value
  throw invalid('KEELSON_HOST', value, 'an IP address such as 127.0.0.1 or 0.0.0.0')
}

const parsePublicUrl = (value: string | undefined): string | undefined => {
  if (value === undefined) return undefined
  const wanted = 'an address such as https://ops.example.com, without a path'
  if (!/^https?:\/\/[^/?#@\\\s]+\/?$/i.test(value) || !URL.canParse(value)) {
    throw invalid('KEELSON_PUBLIC_URL', value, wanted)
  }
  const { protocol, hostname, origin } = new URL(value)
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))) return origin
  throw invalid('KEELSON_PUBLIC_URL', value, `${wanted}: passwords would travel in the clear`)
}

type TlsGiven = { publicUrl: string | undefined; port: () => number }

const parseTls = (raw: RawEnvironment, { publicUrl, port }: TlsGiven): Edge['tls'] => {
  const certFile = parseFile('KEELSON_TLS_CERT_FILE', raw)
  const keyFile = parseFile('KEELSON_TLS_KEY_FILE', raw)
  const acme = parseAcme(raw, publicUrl)
  if (acme !== undefined) {
    if (certFile === undefined && keyFile === undefined) return { acme, port: port() }
    throw new AppError('env_invalid', {
      message:
        'KEELSON_TLS_ACME_* and the files of KEELSON_TLS_CERT_FILE and KEELSON_TLS_KEY_FILE are both set: ' +
        'there is one certificate; unset the ones or the others',
    })
  }
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, port: port() }
  if (certFile === undefined && keyFile === undefined) return undefined
  throw new AppError('env_invalid', {
    message:
      'KEELSON_TLS_CERT_FILE and KEELSON_TLS_KEY_FILE belong together: one of them is missing',
  })
}

/** The platform runs in another folder than whoever starts it. */
const parseFile = (name: string, raw: RawEnvironment): string | undefined => {
  const value = nonEmpty(raw[name])
  if (value === undefined || isAbsolute(value)) return value
  throw invalid(name, value, 'the whole path of a file, from / on')
}

/** ASVS 5.0 12.2.1: passwords and sessions go over no network without TLS. */
const refuseUnguarded = ({ host, publicUrl, trustedProxies, tls }: Edge): void => {
  if (isLoopback(host)) return
  if (tls === undefined && trustedProxies.length === 0) {
    throw new AppError('env_invalid', {
      message:
        `KEELSON_HOST is ${host}, which others reach, and nothing encrypts what they send: give ` +
        'KEELSON_TLS_CERT_FILE and KEELSON_TLS_KEY_FILE, let Keelson get a certificate by KEELSON_TLS_ACME_EMAIL, ' +
        'or name the proxy that does TLS in KEELSON_TRUSTED_PROXIES',
    })
  }
  if (publicUrl !== undefined || (tls !== undefined && host !== '0.0.0.0' && host !== '::')) return
  throw new AppError('env_invalid', {
    message: `KEELSON_HOST is ${host}: say by which name people reach it in KEELSON_PUBLIC_URL, as https://ops.example.com`,
  })
}
