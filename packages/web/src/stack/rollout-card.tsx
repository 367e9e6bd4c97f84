import type { PlacedInstance, Rollout } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { keys } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { formatDuration } from '../ui/format.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { Ago, For } from '../ui/time.tsx'
import { sidesOf, type Block } from './rollout-blocks.ts'

const phases: Record<Rollout['phase'], { icon: IconName; tone: string; text: string }> = {
  running: { icon: 'starting', tone: 'is-starting', text: 'Updating' },
  paused: { icon: 'pause', tone: 'is-degraded', text: 'Paused' },
  rolling_back: { icon: 'undo', tone: 'is-degraded', text: 'Rolling back' },
  rolled_back: { icon: 'undo', tone: 'is-degraded', text: 'Rolled back' },
  completed: { icon: 'healthy', tone: 'is-healthy', text: 'Completed' },
  switched: { icon: 'healthy', tone: 'is-healthy', text: 'Switched' },
}

const strategies: Record<Rollout['strategy'], string> = {
  rolling: 'one after the other',
  'blue-green': 'blue-green',
  recreate: 'stopped, then started',
}

type RolloutCardProps = {
  stack: string
  rollout: Rollout
  instances: readonly PlacedInstance[]
  mayWrite: boolean
}

/** One update: from which revision to which, how far it is, and the way back. */
export const RolloutCard = ({ stack, rollout, instances, mayWrite }: RolloutCardProps) => {
  const { icon, tone, text } = phases[rollout.phase]
  const isLive = rollout.endedAt === null
  return (
    <div className={`rollout ${tone}`} data-rollout={rollout.service}>
      <div className="spread rollout-head">
        <div className="row wrap">
          <h3>
            <ServiceLink id={`${stack}/${rollout.service}`} from={stack} quiet />
          </h3>
          <span className="state pill">
            <Icon name={icon} size={14} />
            {text}
          </span>
          <span className="muted small">{strategies[rollout.strategy]}</span>
        </div>
        {mayWrite && rollout.canRollBack && <Back stack={stack} rollout={rollout} />}
      </div>
      {isLive || rollout.phase === 'switched' || rollout.phase === 'paused' ? (
        <Sides rollout={rollout} instances={instances} />
      ) : (
        <p className="num small">
          Revision {rollout.fromRevision ?? '–'} <Icon name="arrow" size={12} />
          <span className="sr-only">to</span> {rollout.toRevision}
        </p>
      )}
      <p className="break" aria-live={isLive ? 'polite' : undefined}>
        {rollout.text}
      </p>
      <p className="muted small">
        {rollout.endedAt === null ? (
          <>
            for <For at={rollout.startedAt} />
          </>
        ) : (
          <>
            <Ago at={rollout.endedAt} />, took{' '}
            {formatDuration(Date.parse(rollout.endedAt) - Date.parse(rollout.startedAt))}
          </>
        )}
      </p>
    </div>
  )
}

/** Old instances on the left, new ones on the right; each moves over as the update gets on. */
const Sides = ({ rollout, instances }: Pick<RolloutCardProps, 'rollout' | 'instances'>) => {
  const { old, fresh } = sidesOf(rollout, instances)
  return (
    <div className="sides">
      <Side title={`Revision ${rollout.fromRevision ?? '–'}`} blocks={old} />
      <span className="muted">
        <Icon name="arrow" />
      </span>
      <Side title={`Revision ${rollout.toRevision}`} blocks={fresh} />
      <span className="num muted sides-count">
        {rollout.done} of {rollout.total} updated
      </span>
    </div>
  )
}

const blockIcons: Record<Block['kind'], IconName> = {
  serving: 'check',
  ready: 'pause',
  kept: 'undo',
  draining: 'drain',
  starting: 'starting',
  failing: 'close',
  gone: 'minus',
}

const blockWords: Record<Block['kind'], string> = {
  serving: 'serving',
  ready: 'ready, waits for the switch',
  kept: 'kept for a way back',
  draining: 'draining',
  starting: 'starting',
  failing: 'failing',
  gone: 'gone',
}

const Side = ({ title, blocks }: { title: string; blocks: readonly Block[] }) => (
  <div className="side">
    <span className="muted small num">{title}</span>
    {blocks.length === 0 ? (
      <span className="muted blocks-large">none</span>
    ) : (
      <ul className="blocks-large" aria-label={`Instances of ${title.toLowerCase()}`}>
        {blocks.map(({ name, kind }) => (
          <li
            key={name}
            className={`rollout-block is-${kind}`}
            title={`${name}: ${blockWords[kind]}`}
          >
            <Icon name={blockIcons[kind]} size={14} />
            <span className="sr-only">
              {name}: {blockWords[kind]}
            </span>
          </li>
        ))}
      </ul>
    )}
  </div>
)

const Back = ({ stack, rollout }: { stack: string; rollout: Rollout }) => {
  const [asking, setAsking] = useState(false)
  const cache = useQueryClient()
  const back = useMutation({
    mutationFn: () => call('rollBackService', { params: { name: `${stack}/${rollout.service}` } }),
    onSuccess: () => {
      setAsking(false)
      return cache.invalidateQueries({ queryKey: keys.stackNow(stack) })
    },
  })
  const verb = rollout.phase === 'switched' ? 'Switch back' : 'Roll back'
  const target =
    rollout.fromRevision === null ? 'the definition before' : `revision ${rollout.fromRevision}`
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="undo" size={14} />}
        aria-label={`${verb} ${rollout.service}`}
        onClick={() => setAsking(true)}
      >
        {verb}
      </Button>
      {asking && (
        <ConfirmDialog
          title={`${verb} ${rollout.service}?`}
          submit={verb}
          change={back}
          onClose={() => {
            setAsking(false)
            back.reset()
          }}
        >
          {rollout.phase === 'switched'
            ? `The old instances still run: requests go to ${target} again at once.`
            : `Its instances go back to ${target}, in the way the file says for a rollback.`}
        </ConfirmDialog>
      )}
    </>
  )
}
