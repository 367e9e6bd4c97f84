import type { System } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { systemQuery } from '../api/queries.ts'
import type { Column } from '../instances/cells.tsx'
import { InstancesTable } from '../instances/instances-table.tsx'
import { shownPart } from '../instances/shown.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { countOf, formatBytes } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { For } from '../ui/time.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { Certificate } from './certificate.tsx'
import './system.css'

/** Memory and storage change without an event, so they are read again. */
const readEveryMs = 5000

export const SystemPage = () => {
  usePageTitle('System')
  const system = useQuery({ ...systemQuery, refetchInterval: readEveryMs })
  return (
    <div className="stack">
      <h1>System</h1>
      {system.isError && <ErrorBox error={system.error} onRetry={() => void system.refetch()} />}
      {system.isPending && <Loading rows={4} height={96} />}
      {system.data !== undefined && <Contents system={system.data} nowMs={system.dataUpdatedAt} />}
    </div>
  )
}

type ContentsProps = { system: System; nowMs: number }

const Contents = ({ system, nowMs }: ContentsProps) => (
  <>
    <Parts parts={system.parts} />
    <div className="system-columns">
      <About system={system} nowMs={nowMs} />
      <Storage storage={system.storage} />
      <Modules modules={system.modules} />
    </div>
  </>
)

const columns: readonly Column[] = ['state', 'runsAs', 'address', 'memory']

const Parts = ({ parts }: Pick<System, 'parts'>) => (
  <Card title="Keelson's own parts" flush>
    <InstancesTable
      instances={parts.map(shownPart)}
      columns={columns}
      none="No part has told of itself yet."
    />
  </Card>
)

const About = ({ system, nowMs }: ContentsProps) => (
  <Card title="About">
    <dl className="about">
      <Fact name="Keelson">{system.version}</Fact>
      <Fact name="Runs for">
        <For at={system.startedAt} />
      </Fact>
      <Fact name="Address">
        <a href={system.publicUrl} className="break">
          {system.publicUrl}
        </a>
      </Fact>
      {system.certificate !== null && (
        <Fact name="Certificate">
          <Certificate certificate={system.certificate} nowMs={nowMs} />
        </Fact>
      )}
      <Fact name="Node.js">{system.node}</Fact>
      <Fact name="PostgreSQL">
        {system.database.version} ({system.database.kind}, {formatBytes(system.database.sizeBytes)})
      </Fact>
      <Fact name="Docker Engine">
        {system.engine === null
          ? 'Not found; services that need a container cannot run'
          : `${system.engine.version} (API ${system.engine.apiVersion})`}
      </Fact>
      <Fact name="Data folder">
        <code className="break">{system.dataFolder}</code>
      </Fact>
    </dl>
  </Card>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd className="num">{children}</dd>
  </>
)

const Storage = ({ storage }: Pick<System, 'storage'>) => {
  const total = storage.reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    <Card title="Storage" aside={<span className="muted num">{formatBytes(total)}</span>}>
      {storage.length === 0 && <Quiet>Nothing is stored yet.</Quiet>}
      <ul className="storage">
        {storage.map(({ name, bytes }) => (
          <li key={name}>
            <span className="spread">
              {name}
              <span className="num muted">{formatBytes(bytes)}</span>
            </span>
            <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect width={total === 0 ? 0 : (100 * bytes) / total} height="4" />
            </svg>
          </li>
        ))}
      </ul>
    </Card>
  )
}

const Modules = ({ modules }: Pick<System, 'modules'>) => {
  const ready = modules.filter((module) => module.ready).length
  return (
    <Card
      title="Modules"
      aside={
        <span className="muted num">
          {ready} of {countOf(modules.length, 'module')} ready
        </span>
      }
    >
      <ul className="modules">
        {modules.map((module) => (
          <li key={`${module.target}/${module.name}`} className="row">
            <span className={`toned is-${module.ready ? 'healthy' : 'starting'}`}>
              <Icon name={module.ready ? 'healthy' : 'starting'} size={14} />
              <span className="sr-only">{module.ready ? 'Ready' : 'Not ready'}</span>
            </span>
            {module.name}
            <span className="muted">
              {module.target}
              {!module.ready && ', not ready'}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
