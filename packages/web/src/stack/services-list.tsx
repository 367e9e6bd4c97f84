import type { Drift, StackServiceState, StackState } from '@keelson/contract'
import { useNavigate } from '@tanstack/react-router'
import { memo, useMemo } from 'react'
import { Empty } from '../ui/feedback.tsx'
import { countOf, formatBytes, formatCores } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateIcon, stateNames } from '../ui/state.tsx'
import { ServiceActions } from './service-actions.tsx'
import { ServiceDetails } from './service-details.tsx'
import { madeFrom, marksOf, revisionsOf } from './service-marks.ts'
import { sumOf, useUsage, type UsageByInstance } from './usage.tsx'
import './services.css'

type ServicesListProps = { state: StackState; opened: string | undefined }

/** The file beside what runs, a row for each service; a row unfolds into every fact. */
export const ServicesList = ({ state, opened }: ServicesListProps) => {
  const { stack, services, drift } = state
  const usages = useUsage(stack.name)
  const navigate = useNavigate()
  const toggle = (service: string) =>
    void navigate({
      to: '/stacks/$stack',
      params: { stack: stack.name },
      search: service === opened ? {} : { service },
      replace: true,
      resetScroll: false,
    })
  if (services.length === 0) {
    return (
      <div className="card">
        {stack.hidden === undefined ? (
          <Empty icon="services" title="No service is declared">
            The file of this stack names none, so nothing runs.
          </Empty>
        ) : (
          <Empty icon="services" title="No service here is yours to see">
            It takes a role with services:read on {countOf(stack.hidden, 'service')} of this stack.
          </Empty>
        )}
      </div>
    )
  }
  return (
    <section className="card" aria-label="Services">
      <div className="svc svc-names" aria-hidden="true">
        <span />
        <span>Service</span>
        <span>Running</span>
        <span>Made from</span>
        <span>Revision</span>
        <span className="end">CPU</span>
        <span className="end">Memory</span>
        <span />
      </div>
      <ul>
        {services.map((service) => (
          <ServiceRow
            key={service.summary.id}
            service={service}
            builtIn={stack.builtIn}
            drift={drift}
            usages={usages}
            isOpen={service.summary.name === opened}
            onToggle={toggle}
          />
        ))}
      </ul>
      {stack.hidden !== undefined && (
        <p className="muted small svc-hidden">
          <Icon name="lock" size={13} /> {hiddenWords(stack.hidden)}
        </p>
      )}
    </section>
  )
}

const hiddenWords = (count: number): string =>
  count === 1
    ? '1 more service is not yours to see, but for its state'
    : `${countOf(count, 'more service')} are not yours to see, but for their states`

type RowProps = {
  service: StackServiceState
  builtIn: boolean
  drift: readonly Drift[]
  usages: UsageByInstance
  isOpen: boolean
  onToggle: (service: string) => void
}

const ServiceRow = ({ service, builtIn, drift, usages, isOpen, onToggle }: RowProps) => {
  const { summary, instances } = service
  const own = useMemo(
    () => drift.filter(({ service: of }) => of === summary.name),
    [drift, summary.name],
  )
  const sum = sumOf(usages, instances)
  const id = `facts-${summary.name}`
  return (
    <li className="svc-item" data-service={summary.id}>
      <div className="svc">
        <button
          type="button"
          className="svc-fold"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          aria-label={`Facts of ${summary.name}`}
          onClick={() => onToggle(summary.name)}
        >
          <Icon name="chevron" />
        </button>
        <div className="svc-name">
          <span className="row">
            <StateIcon state={summary.state} />
            <ServiceLink id={summary.id} quiet />
          </span>
          {summary.state !== 'healthy' && (
            <span className="muted break svc-reason">{summary.reason}</span>
          )}
          <Marks service={service} drift={own} />
        </div>
        <div className="svc-numbers">
          <Running service={service} />
          <span className="num svc-revision">
            <span className="svc-label">Revision </span>
            {revisionsOf(instances)}
          </span>
          <span className="num end svc-cpu">
            <span className="svc-label">CPU </span>
            {sum.cpuCores === null ? '–' : formatCores(sum.cpuCores)}
          </span>
          <span className="num end svc-memory">
            <span className="svc-label">Memory </span>
            {sum.memoryBytes === null ? '–' : formatBytes(sum.memoryBytes)}
          </span>
        </div>
        <MadeFrom service={service} />
        <ServiceActions service={service} builtIn={builtIn} />
      </div>
      {isOpen && <ServiceDetails id={id} service={service} builtIn={builtIn} usages={usages} />}
    </li>
  )
}

const Marks = memo(
  ({ service, drift }: { service: StackServiceState; drift: readonly Drift[] }) => {
    const marks = marksOf(service, drift)
    if (marks.length === 0) return null
    return (
      <ul className="marks" aria-label="Not as the file says">
        {marks.map(({ icon, tone, text, title }) => (
          <li key={text} className={`mark ${tone}`} title={title}>
            <Icon name={icon} size={13} />
            {text}
          </li>
        ))}
      </ul>
    )
  },
)
Marks.displayName = 'Marks'

/** A block for each instance that is wanted, and the same in numbers. */
const Running = ({ service: { summary, replicas, instances } }: { service: StackServiceState }) => (
  <div className="svc-running">
    <span className="blocks" aria-hidden="true">
      {instances.map(({ name, state, outdated, draining }) => (
        <span
          key={name}
          className={`block-of is-${state}${outdated ? ' is-old' : ''}${draining ? ' is-draining' : ''}`}
          title={`${name}: ${stateNames[state].toLowerCase()}`}
        />
      ))}
      {Array.from({ length: Math.max(0, replicas.wanted - instances.length) }, (_, index) => (
        <span key={index} className="block-of is-missing" title="Not there" />
      ))}
    </span>
    <span className="num">
      {summary.instancesHealthy}/{replicas.wanted}
      <span className="sr-only"> instances are healthy</span>
    </span>
  </div>
)

const MadeFrom = ({ service }: { service: StackServiceState }) => {
  const { what, declared, running } = madeFrom(service)
  const differs = declared !== null && running !== null && declared !== running
  return (
    <div className="svc-made">
      {differs ? (
        <>
          <span className="line">
            <span className="muted">file </span>
            <code className="break">{declared}</code>
          </span>
          <span className="line toned is-degraded">
            <Icon name="drift" size={13} /> runs <code className="break">{running}</code>
          </span>
        </>
      ) : (
        <code className="break clamp" title={what}>
          {declared ?? running ?? ''}
        </code>
      )}
    </div>
  )
}
