import type { GatewayUpstreamRow } from '@keelson/contract'
import { useState } from 'react'
import { Card } from '../../ui/card.tsx'
import { Quiet } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { ManagedBy } from '../managed-by.tsx'
import { ShareBar } from './share-bar.tsx'
import { targetKey, upstreamSentence } from './target-looks.ts'
import { TargetRow } from './target-row.tsx'

const targetsAtOnce = 30

/** An upstream: who gets which part of its requests, and how each of them is. */
export const UpstreamCard = ({ upstream }: { upstream: GatewayUpstreamRow }) => {
  const { name, algorithm, manager, panic, targets, services } = upstream
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? targets : targets.slice(0, targetsAtOnce)
  const heaviest = Math.max(1, ...targets.map(({ weight }) => weight))
  return (
    <Card
      title={<span className="break">{name}</span>}
      aside={
        <span className="row muted small">
          <span className="gw-algorithm">{algorithm}</span>
          {manager !== null && <ManagedBy manager={manager} />}
        </span>
      }
      flush
    >
      <div className="gw-upstream" data-upstream={name}>
        {panic !== null && (
          <div className="notice is-unhealthy">
            <Icon name="unhealthy" />
            <div>
              <p className="notice-title">Panic</p>
              <p>{panic}</p>
            </div>
          </div>
        )}
        <p>
          {upstreamSentence(upstream)}
          {services.length > 0 && <span className="muted"> · for {services.join(', ')}</span>}
        </p>
        <ShareBar targets={targets} />
      </div>
      {targets.length === 0 ? (
        <Quiet>No target was found under its name.</Quiet>
      ) : (
        <ScrollRegion label={`Targets of ${name}`}>
          <table className="table gw-targets">
            <thead>
              <tr>
                <th scope="col">Target</th>
                <th scope="col">State</th>
                <th scope="col">Weight</th>
                <th scope="col" className="gw-col-breaker">
                  Breaker
                </th>
                <th scope="col" className="end">
                  In flight
                </th>
                <th scope="col" className="end">
                  Latency
                </th>
                <th scope="col" className="end gw-col-requests">
                  Requests
                </th>
                <th scope="col" className="end gw-col-requests">
                  Failed
                </th>
                <th scope="col" className="end">
                  Ejections
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((target) => (
                <TargetRow key={targetKey(target)} target={target} heaviest={heaviest} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {shown.length < targets.length && (
        <div className="more">
          <button type="button" className="text-button" onClick={() => setWhole(true)}>
            Show all {targets.length} targets
          </button>
        </div>
      )}
    </Card>
  )
}
