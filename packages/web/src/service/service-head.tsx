import type { ServiceDetail } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { keys } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateLabel } from '../ui/state.tsx'
import { For } from '../ui/time.tsx'

/** Name, state, why and since when; and the one thing to do about it. */
export const ServiceHead = ({ service }: { service: ServiceDetail }) => (
  <div className="service-head">
    <div className="service-title">
      <div className="row wrap">
        <h1 className="break">{service.name}</h1>
        <StateLabel state={service.state} pill />
        <span className="muted">
          for <For at={service.since} />
        </span>
      </div>
      <p className="break">
        {service.reason}
        {service.cause !== null && <CauseText service={service} />}
      </p>
      {service.description !== undefined && <p className="muted break">{service.description}</p>}
    </div>
    {service.may.includes('services:restart') && <Restart service={service} />}
  </div>
)

const CauseText = ({ service: { cause, stack } }: { service: ServiceDetail }) => (
  <span className="muted">
    {' · caused by '}
    {cause?.service === undefined ? (
      cause?.text
    ) : (
      <>
        <ServiceLink id={cause.service} from={stack} /> ({cause.text})
      </>
    )}
  </span>
)

const Restart = ({ service }: { service: ServiceDetail }) => {
  const [asking, setAsking] = useState(false)
  const cache = useQueryClient()
  const restart = useMutation({
    mutationFn: () => call('restartService', { params: { name: service.id } }),
    onSuccess: () => {
      setAsking(false)
      return cache.invalidateQueries({ queryKey: keys.service(service.id) })
    },
  })
  const close = () => {
    setAsking(false)
    restart.reset()
  }
  return (
    <div className="restart">
      <Button
        variant="default"
        size="sm"
        leftSection={<Icon name="restart" />}
        disabled={!service.canRestart}
        aria-describedby={service.canRestart ? undefined : 'no-restart'}
        onClick={() => setAsking(true)}
      >
        Restart
      </Button>
      {!service.canRestart && (
        <span id="no-restart" className="muted">
          Keelson restarts its own parts itself
        </span>
      )}
      {asking && (
        <ConfirmDialog
          title={`Restart ${service.name}?`}
          submit="Restart"
          change={restart}
          onClose={close}
        >
          {service.instancesWanted > 1
            ? `Its ${countOf(service.instancesWanted, 'instance')} restart one after the other, so that the others keep answering.`
            : 'It has one instance, so it does not answer until that one is healthy again.'}
        </ConfirmDialog>
      )}
    </div>
  )
}
