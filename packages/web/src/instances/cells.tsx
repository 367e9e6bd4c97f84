import type { ReactNode } from 'react'
import { Cpu, Memory } from '../stack/usage.tsx'
import { formatLatency } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { StateLabel } from '../ui/state.tsx'
import { Ago, For } from '../ui/time.tsx'
import type { Shown } from './shown.ts'

export type Column =
  | 'state'
  | 'phase'
  | 'since'
  | 'revision'
  | 'runsAs'
  | 'address'
  | 'restarts'
  | 'started'
  | 'latency'
  | 'cpu'
  | 'memory'

type Cell = {
  head: string
  end?: boolean
  /** `largest`: most memory that any of them takes. */
  cell: (instance: Shown, largest: number) => ReactNode
}

const none = '–'

const State = ({ instance: { state, reason } }: { instance: Shown }) => (
  <div className="instance-state">
    <StateLabel state={state} />
    {reason !== '' && <span className="muted block break instance-reason">{reason}</span>}
  </div>
)

const Phase = ({ instance: { life, place } }: { instance: Shown }) => {
  if (life === undefined) return none
  return (
    <>
      {life.phase}
      {place?.draining === true && (
        <span className="mark is-starting" title="No new requests are sent to it">
          <Icon name="drain" size={13} />
          draining
        </span>
      )}
      {place?.standby === true && <Standby outdated={place.outdated} />}
      {life.nextStartAt !== null && (
        <span className="muted block">
          next start <Ago at={life.nextStartAt} />
        </span>
      )}
      {life.exitCode !== null && (
        <span className="muted block nowrap num">exit code {life.exitCode}</span>
      )}
    </>
  )
}

const Standby = ({ outdated }: { outdated: boolean }) => (
  <span
    className="mark is-starting"
    title={
      outdated
        ? 'Requests go to the new ones; it is kept for a way back'
        : 'Requests go to it once all new ones are healthy'
    }
  >
    <Icon name="pause" size={13} />
    {outdated ? 'kept' : 'waits for the switch'}
  </span>
)

const Revision = ({ instance: { place } }: { instance: Shown }) => (
  <span className="nowrap">
    <span className="num">{place?.revision ?? none}</span>
    {place?.outdated === true && (
      <span
        className="mark is-degraded"
        title="Runs another definition than the one that is applied"
      >
        <Icon name="undo" size={13} />
        outdated
      </span>
    )}
  </span>
)

const runsAs = ({ pid, containerId }: Shown): string => {
  if (containerId !== null) return `container ${containerId.slice(0, 12)}`
  return pid === null ? none : `pid ${pid}`
}

const Addresses = ({ instance: { addresses } }: { instance: Shown }) =>
  addresses.length === 0
    ? none
    : addresses.map(({ text, title }) => (
        <code key={`${text} ${title ?? ''}`} className="block nowrap" title={title}>
          {text}
        </code>
      ))

/** What of an instance a column shows, and under which name. */
export const cells: Record<Column, Cell> = {
  state: { head: 'State', cell: (instance) => <State instance={instance} /> },
  phase: { head: 'Phase', cell: (instance) => <Phase instance={instance} /> },
  since: {
    head: 'For',
    end: true,
    cell: ({ life }) => (life === undefined ? none : <For at={life.since} />),
  },
  revision: { head: 'Revision', cell: (instance) => <Revision instance={instance} /> },
  runsAs: {
    head: 'Runs as',
    cell: (instance) => <span className="nowrap num">{runsAs(instance)}</span>,
  },
  address: { head: 'Address', cell: (instance) => <Addresses instance={instance} /> },
  restarts: { head: 'Restarts', end: true, cell: ({ life }) => life?.restarts ?? none },
  started: {
    head: 'Started',
    end: true,
    cell: ({ life }) => {
      const at = life?.startedAt ?? null
      return at === null ? none : <Ago at={at} />
    },
  },
  latency: {
    head: 'Latency',
    end: true,
    cell: ({ life }) => formatLatency(life?.latencyMs ?? null),
  },
  cpu: { head: 'CPU', end: true, cell: ({ usage }) => <Cpu usage={usage} /> },
  memory: {
    head: 'Memory',
    end: true,
    cell: ({ usage }, largest) => <Memory usage={usage} largest={largest} />,
  },
}
