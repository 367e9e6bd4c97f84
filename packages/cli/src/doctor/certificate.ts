import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { System } from '@keelson/contract'
import type { Context } from '../context.ts'
import { oneLine } from '../text.ts'
import type { Check } from './check.ts'

type Facts = NonNullable<System['certificate']>

const name = 'certificate'
const dayMs = 86_400_000
/** Of files, which somebody has to renew; what is renewed by ACME says so when it fails. */
const soonMs = 14 * dayMs
const namesShown = 5

/**
 * The certificate of the platform's own port for TLS, as the running platform shows it, else as it will be
 * at the start.
 */
export const checkCertificate = async (
  env: Context['env'],
  system: System | undefined,
  now = new Date(),
): Promise<Check> => {
  if (system === undefined) return beforeTheStart(env, now)
  const { certificate, publicUrl } = system
  if (certificate !== null) return judge(certificate, publicUrl, now)
  if (!publicUrl.startsWith('https:')) return nobodyElse(publicUrl)
  return { name, state: 'ok', detail: `none: a proxy has one for ${publicUrl}` }
}

const nobodyElse = (url: string): Check => ({
  name,
  state: 'skipped',
  detail: `none: the page is at ${url}, for this machine alone`,
})

const judge = (facts: Facts, publicUrl: string, now: Date): Check => {
  const { source, names, notAfter, fits, problem, nextTryAt } = facts
  const by = source === 'acme' ? 'by ACME' : 'from files'
  const again = nextTryAt === null ? '' : `; tried again at ${minuteOf(nextTryAt)}`
  const failure = problem === null ? '' : `${oneLine(problem)}${again}`
  if (notAfter === null) {
    if (problem === null) return { name, state: 'skipped', detail: `${by}, not there yet` }
    return failed(`${by}, not there yet: ${failure}`, hintFor(source))
  }
  const shown = names.slice(0, namesShown).map(oneLine)
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ''
  const about = `${by}, for ${shown.join(', ')}${more}`
  const leftMs = Date.parse(notAfter) - now.getTime()
  if (leftMs <= 0) return failed(`${about}, ended ${minuteOf(notAfter)}. ${failure}`, renewHint)
  const detail = `${about}, until ${notAfter.slice(0, 10)}`
  if (!fits) {
    const hint = 'Get one for that name, or correct KEELSON_PUBLIC_URL'
    return failed(`${detail}, not for ${publicUrl}`, hint)
  }
  if (problem !== null) return failed(`${detail}; no new one: ${failure}`, hintFor(source))
  if (source === 'files' && leftMs < soonMs) {
    return failed(`${detail}, in ${Math.floor(leftMs / dayMs)} days`, renewHint)
  }
  return { name, state: 'ok', detail }
}

const failed = (detail: string, hint: string): Check => ({
  name,
  state: 'failed',
  detail: detail.trim(),
  hint,
})

const renewHint = 'Renew it; new files are taken up without a restart'
const hintFor = (source: Facts['source']): string =>
  source === 'files'
    ? 'Put a valid certificate for that name and its key there, both in PEM'
    : 'docs/https.md says which port the name has to lead to'

const minuteOf = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** Whether the platform gets its certificate itself. */
export const isByAcme = (env: Context['env']): boolean =>
  Object.entries(env).some(
    ([variable, value]) => variable.startsWith('KEELSON_TLS_ACME_') && Boolean(value),
  )

const beforeTheStart = async (env: Context['env'], now: Date): Promise<Check> => {
  const file = env['KEELSON_TLS_CERT_FILE'] ?? ''
  const publicUrl = env['KEELSON_PUBLIC_URL'] ?? ''
  if (isByAcme(env)) {
    return { name, state: 'skipped', detail: 'by ACME, which Keelson asks while it runs' }
  }
  if (file !== '') return ofFile(file, publicUrl, now)
  if ((env['KEELSON_TRUSTED_PROXIES'] ?? '') !== '') {
    return { name, state: 'skipped', detail: 'none: a proxy in front has one' }
  }
  return { name, state: 'skipped', detail: 'none: the page is for this machine alone' }
}

const ofFile = async (file: string, publicUrl: string, now: Date): Promise<Check> => {
  try {
    const leaf = new X509Certificate(await readFile(file))
    const names = (leaf.subjectAltName ?? leaf.subject).split(', ')
    const facts: Facts = {
      ...{ source: 'files', problem: null, nextTryAt: null },
      names: names.map((one) => one.replace(/^(DNS|IP Address):/, '')),
      notAfter: leaf.validToDate.toISOString(),
      fits: !URL.canParse(publicUrl) || isFor(leaf, new URL(publicUrl).hostname),
    }
    return judge(facts, publicUrl, now)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(`${file} cannot be used: ${oneLine(reason)}`, hintFor('files'))
  }
}

const isFor = (leaf: X509Certificate, host: string): boolean => {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return (isIP(bare) === 0 ? leaf.checkHost(bare) : leaf.checkIP(bare)) !== undefined
}
