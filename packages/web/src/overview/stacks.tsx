import type { ServiceSummary, Stack } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { systemQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { entryOf, gatewayUrlOf, routeUrlOf } from './gateway.ts'
import { FirstStack } from './first-stack.tsx'

type StacksProps = { stacks: readonly Stack[]; services: readonly ServiceSummary[] }

/** What runs here, by the file it came from, and where to reach it. */
export const Stacks = ({ stacks, services }: StacksProps) => {
  const system = useQuery(systemQuery)
  const gatewayUrl = gatewayUrlOf(system.data, window.location.hostname)
  const ours = stacks.filter(({ builtIn }) => builtIn)
  const theirs = stacks.filter(({ builtIn }) => !builtIn)
  return (
    <Card title="Stacks" flush>
      {theirs.length === 0 && <FirstStack />}
      <ul className="stacks">
        {[...theirs, ...ours].map((stack) => (
          <StackItem
            key={stack.name}
            stack={stack}
            services={services.filter((service) => service.stack === stack.name)}
            gatewayUrl={gatewayUrl}
          />
        ))}
      </ul>
    </Card>
  )
}

type StackItemProps = {
  stack: Stack
  services: readonly ServiceSummary[]
  gatewayUrl: string | undefined
}

const StackItem = ({ stack, services, gatewayUrl }: StackItemProps) => (
  <li>
    <div className="spread">
      <h3>
        <Link to="/stacks/$stack" params={{ stack: stack.name }} className="quiet">
          {stack.name}
        </Link>
        {stack.builtIn && <span className="tag">built in</span>}
        {stack.demo && <span className="tag">demo</span>}
        {stack.driftCount > 0 && <DriftCount stack={stack.name} count={stack.driftCount} />}
      </h3>
      <span className="muted num">{countOf(stack.services.length, 'service')}</span>
    </div>
    <p className="muted break">
      {stack.description ?? stack.files[0] ?? stack.workingDir}
      {!stack.builtIn && (
        <>
          {' · applied '}
          <Ago at={stack.appliedAt} />
        </>
      )}
    </p>
    <Routes services={services} gatewayUrl={gatewayUrl} />
    {stack.demo && <Demo stack={stack} shopUrl={shopUrlOf(services, gatewayUrl)} />}
  </li>
)

/** How many things of the stack are not as they were applied. */
const DriftCount = ({ stack, count }: { stack: string; count: number }) => (
  <Link to="/stacks/$stack" params={{ stack }} search={{ tab: 'drift' }} className="quiet">
    <span className="mark is-degraded" title="Not as applied">
      <Icon name="drift" size={13} />
      {count} drifted
    </span>
  </Link>
)

const Routes = ({ services, gatewayUrl }: Pick<StackItemProps, 'services' | 'gatewayUrl'>) => {
  const routes = services.flatMap(({ name, routes }) => routes.map((route) => ({ name, route })))
  if (routes.length === 0) return null
  return (
    <ul className="routes">
      {routes.map(({ name, route }) => (
        <li key={`${route} ${name}`} className="row">
          {gatewayUrl === undefined ? (
            <code className="break">{route}</code>
          ) : (
            <a href={routeUrlOf(gatewayUrl, route)} target="_blank" rel="noreferrer">
              <code className="break">{route}</code>
            </a>
          )}
          <span className="muted">
            <Icon name="arrow" size={12} /> <span className="sr-only">leads to</span>
            {name}
          </span>
        </li>
      ))}
    </ul>
  )
}

const shopUrlOf = (
  services: readonly ServiceSummary[],
  gatewayUrl: string | undefined,
): string | undefined => {
  const entry = entryOf(services.flatMap(({ routes }) => routes))
  return gatewayUrl === undefined || entry === undefined ? undefined : routeUrlOf(gatewayUrl, entry)
}

const Demo = ({ stack, shopUrl }: { stack: Stack; shopUrl: string | undefined }) => {
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () =>
      call('removeStack', { params: { stack: stack.name }, query: { volumes: true } }),
    onSuccess: () => setAsking(false),
  })
  return (
    <div className="demo">
      <p>
        A small shop to look around with. Break it: open the shop, press <b>Break payments</b> under{' '}
        <b>Break something</b>, and watch this page say what went wrong and why.
      </p>
      <div className="row wrap">
        {shopUrl !== undefined && (
          <Button
            component="a"
            href={shopUrl}
            target="_blank"
            rel="noreferrer"
            size="xs"
            leftSection={<Icon name="external" size={14} />}
          >
            Open the shop
          </Button>
        )}
        {stack.may.includes('stacks:write') && (
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="trash" size={14} />}
            onClick={() => setAsking(true)}
          >
            Remove the demo
          </Button>
        )}
      </div>
      {asking && (
        <ConfirmDialog
          title="Remove the demo?"
          submit="Remove the demo"
          danger
          change={remove}
          onClose={() => {
            setAsking(false)
            remove.reset()
          }}
        >
          Its {countOf(stack.services.length, 'service')} are stopped and everything they stored is
          deleted. Your own stacks are not touched. To bring it back: <code>keelson up --demo</code>
        </ConfirmDialog>
      )}
    </div>
  )
}
