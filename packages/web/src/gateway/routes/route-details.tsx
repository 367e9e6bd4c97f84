import type { GatewayCanaryState, GatewayRouteRow } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { countOf, formatDate } from '../../ui/format.ts'
import { ServiceLink } from '../../ui/service-link.tsx'
import { ManagedBy } from '../managed-by.tsx'
import { canarySentence, latencySentence } from './route-text.ts'

/** Everything of a route: what it takes, what it does to the request, who serves it. */
export const RouteDetails = ({ row }: { row: GatewayRouteRow }) => (
  <div className="gw-details">
    <dl className="gw-facts">
      <Fact name="Protocols">{row.protocols.join(', ')}</Fact>
      <Texts name="Methods" texts={row.methods} none="any" />
      <Texts name="Hosts" texts={row.hosts} none="any" />
      <Texts name="Paths" texts={row.paths} none="any" />
      <Texts
        name="Headers"
        texts={Object.entries(row.headers).map(
          ([name, values]) => `${name}: ${values.join(' or ')}`,
        )}
        none="any"
      />
      {row.snis.length > 0 && <Texts name="TLS names" texts={row.snis} none="any" />}
      <Fact name="Pattern priority">{row.regexPriority}</Fact>
    </dl>
    <dl className="gw-facts">
      <Target row={row} />
      {row.service?.tuning.map(({ name, text }) => (
        <Fact key={name} name={name[0]?.toUpperCase() + name.slice(1)}>
          {text}
        </Fact>
      ))}
      <Canary canary={row.service?.canary ?? null} />
      <Fact name="Path that matched">{row.stripPath ? 'cut off' : 'kept'}</Fact>
      <Fact name="Host of the client">{row.preserveHost ? 'kept' : 'replaced'}</Fact>
      <Version version={row.version} />
      <Fact name="In total">
        {countOf(row.figures.requests, 'request')}, {countOf(row.figures.errors, 'error')} since the
        gateways started
      </Fact>
      <Fact name="Latency">{latencySentence(row.figures) ?? 'nothing was asked lately'}</Fact>
      <Fact name="Managed by">
        <ManagedBy manager={row.manager} />
        {row.manager.file !== null && <code className="break block">{row.manager.file}</code>}
      </Fact>
      <Fact name="Id">
        <code className="break">{row.id}</code>
      </Fact>
    </dl>
    <Plugins plugins={row.plugins} />
  </div>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd className="break">{children}</dd>
  </>
)

type TextsProps = { name: string; texts: readonly string[]; none: string }

const Texts = ({ name, texts, none }: TextsProps) => (
  <Fact name={name}>
    {texts.length === 0 && <span className="muted">{none}</span>}
    {texts.map((text) => (
      <code key={text} className="break block">
        {text}
      </code>
    ))}
  </Fact>
)

const Target = ({ row: { service } }: { row: GatewayRouteRow }) => {
  if (service === null) return <Fact name="Service">none: its plugins answer</Fact>
  const { name, url, enabled, fleet, upstream } = service
  const upstreamName = upstream ?? name ?? hostOf(url)
  return (
    <>
      <Fact name="Service">
        {fleet === null ? (name ?? url) : <ServiceLink id={fleet} from="" />}
        {!enabled && <span className="muted"> switched off</span>}
      </Fact>
      <Fact name="Asked at">
        <code className="break">{url}</code>
      </Fact>
      <Fact name="Its targets">
        <Link to="/gateway/upstreams" search={{ q: upstreamName }}>
          {upstreamName}
        </Link>
      </Fact>
    </>
  )
}

const Canary = ({ canary }: { canary: GatewayCanaryState | null }) =>
  canary !== null && (
    <Fact name="Canary">
      {canarySentence(canary)}
      <span className="muted block">{canary.reason}</span>
    </Fact>
  )

/** As the upstream of a service without a name is called. */
const hostOf = (url: string): string => /^[^:]+:\/\/(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? url

const Version = ({ version }: Pick<GatewayRouteRow, 'version'>) => {
  if (version === null) return null
  const { api, deprecatedAt, sunsetAt, requests } = version
  return (
    <Fact name="Version">
      {version.version} of {api}, {countOf(requests, 'request')}
      {deprecatedAt !== null && (
        <span className="block">deprecated since {formatDate(deprecatedAt)}</span>
      )}
      {sunsetAt !== null && <span className="block">ends {formatDate(sunsetAt)}</span>}
    </Fact>
  )
}

const Plugins = ({ plugins }: Pick<GatewayRouteRow, 'plugins'>) => (
  <div>
    <h3>Plugins, in the order they run</h3>
    {plugins.length === 0 && <p className="muted small">None: the request goes straight on.</p>}
    <ol className="gw-chain">
      {plugins.map(({ id, name, scope, priority }) => (
        <li key={id}>
          <strong>{name}</strong>
          <span className="muted small">
            {scope}, priority {priority}
          </span>
        </li>
      ))}
    </ol>
  </div>
)
