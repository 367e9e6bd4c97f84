import type { StackServiceState } from '@keelson/contract'
import { ActionIcon, Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { keys } from '../api/queries.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'

const replicasMax = 100

/** Another number of instances: counted up and down first, then asked for once. */
export const Scale = ({ service: { summary, replicas } }: { service: StackServiceState }) => {
  const [chosen, setChosen] = useState<number | null>(null)
  const cache = useQueryClient()
  const scale = useMutation({
    mutationFn: (wanted: number) =>
      call('scaleService', { params: { name: summary.id }, body: { replicas: wanted } }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.stackNow(summary.stack) })
      setChosen(null)
    },
  })
  const shown = chosen ?? replicas.wanted
  const step = (by: number) => setChosen(Math.min(replicasMax, Math.max(0, shown + by)))
  return (
    <div className="scale">
      <div className="row wrap" role="group" aria-label={`Instances of ${summary.name}`}>
        <span>Instances</span>
        <span className="stepper">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label="One less"
            disabled={shown === 0}
            onClick={() => step(-1)}
          >
            <Icon name="minus" size={14} />
          </ActionIcon>
          <output className="num" aria-live="polite">
            {shown}
          </output>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label="One more"
            disabled={shown === replicasMax}
            onClick={() => step(1)}
          >
            <Icon name="plus" size={14} />
          </ActionIcon>
        </span>
        <Button
          size="xs"
          variant="default"
          disabled={shown === replicas.wanted}
          loading={scale.isPending}
          onClick={() => scale.mutate(shown)}
        >
          Scale
        </Button>
        <span className="muted num">the file says {replicas.declared}</span>
      </div>
      {scale.isError && <ErrorBox error={scale.error} />}
    </div>
  )
}
