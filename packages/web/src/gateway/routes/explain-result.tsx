import type { GatewayExplanation } from '@keelson/contract'
import { ActionIcon } from '@mantine/core'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { ManagedBy } from '../managed-by.tsx'
import { byOutcome } from './explain-ask.ts'
import { routeKey, routeName } from './route-text.ts'

type ExplainResultProps = { explanation: GatewayExplanation; onClose: () => void }

/** The answer: one sentence, then each step that led to it. */
export const ExplainResult = ({ explanation, onClose }: ExplainResultProps) => {
  const { sentence, routes, plugins, upstream, captures } = explanation
  const told = byOutcome(routes)
  const isServed = told.wins.length > 0 && upstream?.target !== null
  const tone = isServed ? 'healthy' : 'degraded'
  return (
    <div className="gw-explained" role="group" aria-label="Explanation">
      <div className={`gw-sentence is-${tone}`}>
        <span className="toned">
          <Icon name={tone} size={18} />
        </span>
        <p className="break" role="status">
          {sentence}
        </p>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          aria-label="Close the explanation"
          onClick={onClose}
        >
          <Icon name="close" size={14} />
        </ActionIcon>
      </div>
      <div className="gw-steps">
        <section aria-label="Routes">
          <h3>Routes</h3>
          <ul className="gw-outcomes">
            {[...told.wins, ...told['matches but loses']].map((one) => (
              <Outcome key={routeKey(one)} route={one} />
            ))}
          </ul>
          <Near routes={told['does not match']} isOpen={told.wins.length === 0} />
        </section>
        <Plugins plugins={plugins} />
        <Upstream upstream={upstream} captures={captures} />
      </div>
    </div>
  )
}

type Told = GatewayExplanation['routes'][number]

const looks: Record<Told['outcome'], { icon: IconName; tone: string }> = {
  wins: { icon: 'healthy', tone: 'is-healthy' },
  'matches but loses': { icon: 'minus', tone: 'is-starting' },
  'does not match': { icon: 'close', tone: 'is-stopped' },
}

const Outcome = ({ route }: { route: Told }) => {
  const { icon, tone } = looks[route.outcome]
  return (
    <li data-outcome={route.outcome}>
      <span className={`toned ${tone}`}>
        <Icon name={icon} size={15} />
      </span>
      <div>
        <p className="break">
          <strong>{routeName(route)}</strong> {route.outcome}
        </p>
        <p className="muted small break">
          {route.reason} · <ManagedBy manager={route.manager} />
        </p>
      </div>
    </li>
  )
}

type NearProps = { routes: readonly Told[]; isOpen: boolean }

/** Routes that fit in part; where none wins, they are what somebody looks for. */
const Near = ({ routes, isOpen }: NearProps) => {
  if (routes.length === 0) return null
  return (
    <details className="gw-near" open={isOpen}>
      <summary>
        {routes.length === 1 ? '1 route nearly matches' : `${routes.length} routes nearly match`}
      </summary>
      <ul className="gw-outcomes">
        {routes.map((one) => (
          <Outcome key={routeKey(one)} route={one} />
        ))}
      </ul>
    </details>
  )
}

const Plugins = ({ plugins }: Pick<GatewayExplanation, 'plugins'>) => (
  <section aria-label="Plugins">
    <h3>Plugins</h3>
    {plugins.length === 0 && <p className="muted small">None runs.</p>}
    <ol className="gw-chain">
      {plugins.map(({ id, name, scope, phases }) => (
        <li key={id}>
          <strong>{name}</strong>
          <span className="muted small">
            {scope}
            {phases.length > 0 && `: ${phases.join(', ')}`}
          </span>
        </li>
      ))}
    </ol>
  </section>
)

const Upstream = ({ upstream, captures }: Pick<GatewayExplanation, 'upstream' | 'captures'>) => (
  <section aria-label="Sent on">
    <h3>Sent on</h3>
    {upstream === null ? (
      <p className="muted small">Nothing is asked.</p>
    ) : (
      <dl className="gw-facts">
        <dt>URL</dt>
        <dd>
          <code className="break">{upstream.url}</code>
        </dd>
        <dt>Host</dt>
        <dd>
          <code className="break">{upstream.host}</code>
        </dd>
        <dt>Target now</dt>
        <dd className="break">
          {upstream.target === null ? (
            <strong className="toned is-degraded">none</strong>
          ) : (
            <code>{upstream.target}</code>
          )}
          <span className="muted small block">{upstream.why}</span>
        </dd>
        <dt>Chosen by</dt>
        <dd>{upstream.algorithm}</dd>
        {upstream.others.length > 0 && (
          <>
            <dt>Who else</dt>
            <dd className="break">
              {upstream.others.map((text) => (
                <span key={text} className="block">
                  {text}
                </span>
              ))}
            </dd>
          </>
        )}
        {Object.entries(captures).map(([name, value]) => [
          <dt key={`${name} name`}>{name}</dt>,
          <dd key={name}>
            <code className="break">{value}</code>
          </dd>,
        ])}
      </dl>
    )}
  </section>
)
