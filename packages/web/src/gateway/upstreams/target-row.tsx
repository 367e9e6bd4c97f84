import type { GatewayTarget } from '@keelson/contract'
import { formatLatency } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { For, Until } from '../../ui/time.tsx'
import { targetAddress, targetLooks } from './target-looks.ts'

type TargetRowProps = { target: GatewayTarget; heaviest: number }

export const TargetRow = ({ target, heaviest }: TargetRowProps) => {
  const { word, icon, tone } = targetLooks[target.state]
  const address = targetAddress(target)
  return (
    <tr data-target={address}>
      <th scope="row" className="gw-target">
        <span className="break">{target.instance === '' ? address : target.instance}</span>
        {target.instance !== '' && target.instance !== address && (
          <code className="muted block">{address}</code>
        )}
      </th>
      <td className="gw-target-state">
        <span className={`state ${tone}`}>
          <Icon name={icon} size={15} />
          {word}
        </span>
        <span className="muted small block">
          for <For at={target.since} />
          {target.until !== null && (
            <>
              , again <Until at={target.until} />
            </>
          )}
        </span>
        {target.reason !== '' && <span className="small block break">{target.reason}</span>}
      </td>
      <td>
        <Weight target={target} heaviest={heaviest} tone={tone} />
      </td>
      <td className="gw-col-breaker">
        <Breaker breaker={target.breaker} />
      </td>
      <td className="end">{target.inFlight.toLocaleString('en')}</td>
      <td className="end">{formatLatency(target.latencyMs)}</td>
      <td className="end gw-col-requests">{target.requests.toLocaleString('en')}</td>
      <td className="end gw-col-requests">
        <Counted count={target.failures} />
      </td>
      <td className="end">
        <Counted count={target.ejections} />
      </td>
    </tr>
  )
}

const Counted = ({ count }: { count: number }) =>
  count === 0 ? <span className="muted">–</span> : count.toLocaleString('en')

const tidy = (weight: number): string => String(Math.round(weight * 10) / 10)

/** The track is its weight, the fill what it has of it now. */
const Weight = ({ target, heaviest, tone }: TargetRowProps & { tone: string }) => {
  const { weight, effectiveWeight } = target
  const isLess = tidy(effectiveWeight) !== tidy(weight)
  return (
    <span className="gw-weight" title={isLess ? 'Its weight now, of its weight' : 'Its weight'}>
      <span className="num">
        {isLess ? `${tidy(effectiveWeight)} of ${tidy(weight)}` : tidy(weight)}
      </span>
      <span className="gw-weight-room" aria-hidden="true">
        <span className="gw-weight-track" style={{ width: `${(100 * weight) / heaviest}%` }}>
          <span
            className={`gw-weight-fill ${tone}`}
            style={{ width: `${Math.min(100, (100 * effectiveWeight) / Math.max(weight, 1e-9))}%` }}
          />
        </span>
      </span>
    </span>
  )
}

const breakerTones = {
  closed: 'is-healthy',
  open: 'is-unhealthy',
  'half-open': 'is-degraded',
} as const

const Breaker = ({ breaker }: Pick<GatewayTarget, 'breaker'>) =>
  breaker === 'off' ? (
    <span className="muted">–</span>
  ) : (
    <span className={`mark ${breakerTones[breaker]}`}>{breaker}</span>
  )
