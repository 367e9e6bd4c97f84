import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An authority and its certificates, made by openssl, for one test. */
export const opensslAuthority = (name: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-openssl-'))
  const at = (file: string): string => join(folder, file)
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = (kind: string): string[] =>
    kind === 'ec'
      ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
      : ['-newkey', `rsa:${kind}`]
  openssl(
    'req',
    '-x509',
    ...newKey('ec'),
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
  )
  let count = 0
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    /** `kind`: `ec`, or the bits of an RSA key. */
    leaf: (names: readonly string[], kind = 'ec'): { cert: string; key: string } => {
      count += 1
      const [key, request, cert] = [`${count}.key`, `${count}.csr`, `${count}.pem`]
      openssl(
        'req',
        ...newKey(kind),
        '-nodes',
        '-keyout',
        key,
        '-out',
        request,
        '-subj',
        `/CN=${names[0] ?? ''}`,
      )
      const dns = names.map((one) => `DNS:${one}`).join(',')
      writeFileSync(at('ext'), `subjectAltName=${dns}\nextendedKeyUsage=serverAuth,clientAuth\n`)
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        cert,
        '-days',
        '1',
        '-extfile',
        'ext',
      )
      return { cert: readFileSync(at(cert), 'utf8'), key: readFileSync(at(key), 'utf8') }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
