import type { GatewayTarget } from '@keelson/contract'
import { sharesOf, targetAddress, targetKey, targetLooks } from './target-looks.ts'

const percent = (share: number): string => `${Math.round(share * 100)} %`
/** Narrower parts hold no text. */
const labelShareMin = 0.12

/** Which part of the requests goes where, as one bar. */
export const ShareBar = ({ targets }: { targets: readonly GatewayTarget[] }) => {
  const shares = sharesOf(targets)
  const parts = targets
    .map((target, at) => ({ target, share: shares[at] ?? 0 }))
    .filter(({ share }) => share > 0)
  if (parts.length === 0) return <div className="gw-shares is-empty" aria-hidden="true" />
  const told = parts.map(({ target, share }) => `${targetAddress(target)} ${percent(share)}`)
  return (
    <div className="gw-shares" role="img" aria-label={`Share of the requests: ${told.join(', ')}`}>
      {parts.map(({ target, share }) => (
        <span
          key={targetKey(target)}
          className={`gw-share ${targetLooks[target.state].tone}`}
          title={`${targetAddress(target)}: ${percent(share)}`}
          style={{ flexGrow: share }}
        >
          {share >= labelShareMin && percent(share)}
        </span>
      ))}
    </div>
  )
}
