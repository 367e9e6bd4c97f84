import type { Instance } from '@keelson/contract'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Select } from '../ui/select.tsx'
import type { InstanceLabel } from './log-list.tsx'
import { LogView } from './log-view.tsx'
import { useLogTail } from './use-log-tail.ts'

type LogPanelProps = {
  serviceId: string
  instances: readonly Instance[]
  instance: string | undefined
  onInstance: (instance: string | undefined) => void
}

const wholeName: InstanceLabel = (instance) => ({ text: instance, tone: '' })

/** The log of a service, live. Mount it anew for another service or instance. */
export const LogPanel = ({ serviceId, instances, instance, onInstance }: LogPanelProps) => {
  const { tail, snapshot } = useLogTail(serviceId, instance)
  const [text, setText] = useState('')
  const [query] = useDebouncedValue(text, 150)
  return (
    <LogView
      tail={tail}
      snapshot={snapshot}
      text={text}
      query={query}
      onText={setText}
      filters={
        (instances.length > 1 || instance !== undefined) && (
          <Select
            label="Instance"
            size="xs"
            value={instance ?? ''}
            all="All instances"
            options={instances.map(({ name }) => ({ value: name, label: name }))}
            onChange={onInstance}
          />
        )
      }
      labelOf={instances.length > 1 && instance === undefined ? wholeName : undefined}
      fileName={`${serviceId.replace('/', '-')}.log`}
    />
  )
}
