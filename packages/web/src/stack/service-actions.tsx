import type { StackServiceState } from '@keelson/contract'
import { ActionIcon } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { keys } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { usePermission } from './permissions.ts'

type Verb = 'start' | 'stop' | 'restart'

const calls = { start: 'startService', stop: 'stopService', restart: 'restartService' } as const
const icons: Record<Verb, IconName> = { start: 'play', stop: 'stop', restart: 'restart' }
const labels: Record<Verb, string> = { start: 'Start', stop: 'Stop', restart: 'Restart' }

type ServiceActionsProps = { service: StackServiceState; builtIn: boolean }

/** Start, stop and restart of one service; what interrupts it asks first. */
export const ServiceActions = ({ service, builtIn }: ServiceActionsProps) => {
  const mayWrite = usePermission('services:write')
  const mayRestart = usePermission('services:restart')
  const [asked, setAsked] = useState<Verb | null>(null)
  const cache = useQueryClient()
  const { id, name, stack } = service.summary
  const change = useMutation({
    mutationFn: (verb: Verb) => call(calls[verb], { params: { name: id } }),
    onSuccess: () => {
      setAsked(null)
      return cache.invalidateQueries({ queryKey: keys.stackNow(stack) })
    },
  })
  if (builtIn) return <span className="svc-actions" />
  const isStopped = service.stoppedBy !== null
  const verbs: Verb[] = []
  if (mayRestart && !isStopped) verbs.push('restart')
  if (mayWrite) verbs.push(isStopped ? 'start' : 'stop')
  return (
    <span className="svc-actions">
      {verbs.map((verb) => (
        <ActionIcon
          key={verb}
          variant="subtle"
          color="gray"
          size={28}
          aria-label={`${labels[verb]} ${name}`}
          title={`${labels[verb]} ${name}`}
          loading={change.isPending && change.variables === verb}
          onClick={() => (verb === 'start' ? change.mutate(verb) : setAsked(verb))}
        >
          <Icon name={icons[verb]} />
        </ActionIcon>
      ))}
      {asked !== null && (
        <ConfirmDialog
          title={`${labels[asked]} ${name}?`}
          confirmLabel={labels[asked]}
          busy={change.isPending}
          error={change.error}
          onConfirm={() => change.mutate(asked)}
          onClose={() => {
            setAsked(null)
            change.reset()
          }}
        >
          <p>{consequenceOf(asked, service)}</p>
        </ConfirmDialog>
      )}
    </span>
  )
}

const consequenceOf = (verb: Verb, { replicas, summary }: StackServiceState): string => {
  if (verb === 'stop')
    return 'What depends on it is stopped first. It stays stopped until somebody starts it, also after a restart of Keelson.'
  return replicas.wanted > 1
    ? 'Its instances restart one after the other, so that the others keep answering.'
    : `${summary.name} has one instance, so it does not answer until that one is healthy again.`
}
