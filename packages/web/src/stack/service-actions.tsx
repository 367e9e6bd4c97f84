import type { StackServiceState } from '@keelson/contract'
import { ActionIcon } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { keys } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'

type Verb = 'start' | 'stop' | 'restart'

const calls = { start: 'startService', stop: 'stopService', restart: 'restartService' } as const
const icons: Record<Verb, IconName> = { start: 'play', stop: 'stop', restart: 'restart' }
const labels: Record<Verb, string> = { start: 'Start', stop: 'Stop', restart: 'Restart' }

type ServiceActionsProps = { service: StackServiceState; builtIn: boolean }

/** Start, stop and restart of one service; what interrupts it asks first. */
export const ServiceActions = ({ service, builtIn }: ServiceActionsProps) => {
  const [asked, setAsked] = useState<Verb | null>(null)
  const cache = useQueryClient()
  const { id, name, stack, may } = service.summary
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
  if (may.includes('services:restart') && !isStopped) verbs.push('restart')
  if (may.includes('services:write')) verbs.push(isStopped ? 'start' : 'stop')
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
          submit={labels[asked]}
          change={{ ...change, mutate: () => change.mutate(asked) }}
          onClose={() => {
            setAsked(null)
            change.reset()
          }}
        >
          {consequenceOf(asked, service)}
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
