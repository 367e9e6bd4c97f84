import type { System } from '@keelson/contract'
import { expiryOf } from '../gateway/certificates/expiry.ts'
import { Icon } from '../ui/icon.tsx'
import { Until } from '../ui/time.tsx'

type CertificateProps = { certificate: NonNullable<System['certificate']>; nowMs: number }

const sources = { files: 'from files', acme: 'by ACME' }

/** Of the page's own port for TLS: until when, for which names, and why there is no new one. */
export const Certificate = ({ certificate, nowMs }: CertificateProps) => {
  const { source, names, notAfter, fits, problem, nextTryAt } = certificate
  const { tone, text } = expiryOf(notAfter, nowMs)
  const isForOthers = !fits && notAfter !== null
  const shown = isForOthers ? 'unhealthy' : tone
  return (
    <div className="own-certificate">
      <span className={`toned is-${shown}`}>
        <Icon name={shown} size={13} /> {text}
      </span>
      <span>
        {[sources[source], ...names].join(', ')}
        {isForOthers && ', and so not for the name in the address'}
      </span>
      {problem !== null && <span className="muted break">{problem}</span>}
      {nextTryAt !== null && (
        <span className="muted">
          Tried again <Until at={nextTryAt} />
        </span>
      )}
    </div>
  )
}
