import type { StackState } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { stackRevisionsQuery } from '../api/queries.ts'
import { Icon } from '../ui/icon.tsx'
import { stateNames } from '../ui/state.tsx'
import { Ago } from '../ui/time.tsx'
import { RollBackDialog } from './roll-back-dialog.tsx'
import { verdictOf } from './verdict.ts'

/** How the stack is in one sentence, what it was made from, and the way back. */
export const StackHead = ({ state }: { state: StackState }) => {
  const { stack } = state
  const verdict = verdictOf(state)
  return (
    <div className={`verdict stack-head is-${verdict.state}`}>
      <span className="verdict-icon">
        <Icon name={verdict.state} size={26} />
      </span>
      <div className="stack-title">
        <div className="row wrap">
          <h1 className="break">{stack.name}</h1>
          {stack.demo && <span className="tag">demo</span>}
          {stack.builtIn && <span className="tag">built in</span>}
        </div>
        <p className="stack-sentence" data-verdict={verdict.state}>
          <span className="sr-only">{stateNames[verdict.state]}: </span>
          {verdict.sentence}
        </p>
        <Source state={state} />
      </div>
      <div className="stack-buttons">
        <Button
          component={Link}
          to={`/services?view=map&stack=${stack.name}`}
          variant="default"
          size="sm"
          leftSection={<Icon name="map" />}
        >
          Map
        </Button>
        {!stack.builtIn && (
          <Button
            component={Link}
            to={`/gaps/${stack.name}`}
            variant="default"
            size="sm"
            leftSection={<Icon name="gaps" />}
          >
            Gaps
          </Button>
        )}
        {!stack.builtIn && stack.may.includes('stacks:write') && <RollBack stack={stack.name} />}
      </div>
    </div>
  )
}

/** Revision, when and by whom it was applied, and the files it was read from. */
const Source = ({ state: { stack } }: { state: StackState }) => {
  const { data } = useQuery(stackRevisionsQuery(stack.name))
  const actor = data?.find(({ current }) => current)?.actor
  return (
    <p className="muted small stack-source">
      <span className="num">Revision {stack.revision}</span>
      <span>
        applied <Ago at={stack.appliedAt} />
        {actor !== undefined && ` by ${actor}`}
      </span>
      {stack.files.map((file) => (
        <code key={file} className="break" title={file}>
          <Icon name="file" size={13} /> {shortened(file, stack.workingDir)}
        </code>
      ))}
    </p>
  )
}

const shortened = (file: string, workingDir: string): string =>
  file.startsWith(`${workingDir}/`) ? file.slice(workingDir.length + 1) : file

const RollBack = ({ stack }: { stack: string }) => {
  const { data } = useQuery(stackRevisionsQuery(stack))
  const [asking, setAsking] = useState(false)
  const before = data?.find(({ current }) => !current)
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={<Icon name="undo" />}
        disabled={before === undefined}
        title={before === undefined ? 'There is no earlier revision to go back to' : undefined}
        onClick={() => setAsking(true)}
      >
        Roll back
      </Button>
      {asking && (
        <RollBackDialog
          stack={stack}
          revision={before?.revision}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}
