import type { GatewayDiff, GatewayFault } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ProblemError } from '@keelson/sdk'
import { call } from '../../api/call.ts'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { ApplyForm } from './apply-form.tsx'
import { placeInText } from './configuration-text.ts'
import { DiffView } from './diff-view.tsx'
import { Faults } from './faults.tsx'
import { TextSource } from './text-source.tsx'

/** A text with the difference that it would make; another text has another one. */
type Looked = { text: string; diff: GatewayDiff }

/** A Kong file, looked at before it is applied. */
export const Editor = () => {
  const [text, setText] = useState('')
  const [looked, setLooked] = useState<Looked | null>(null)
  const [applied, setApplied] = useState<number | null>(null)
  const box = useRef<HTMLTextAreaElement>(null)
  const look = useMutation({
    mutationFn: (of: string) =>
      call('applyGateway', { query: { dryRun: true }, body: { text: of } }),
    onSuccess: (diff, of) => setLooked({ text: of, diff }),
  })
  const apply = useGatewayChange(
    ({ looked: { text: of, diff }, note }: { looked: Looked; note: string }) =>
      call('applyGateway', {
        query: { revision: diff.revision },
        body: { text: of, ...(note === '' ? {} : { note }) },
      }),
    ({ revision }) => {
      setApplied(revision)
      setLooked(null)
      setText('')
    },
  )
  const lookAgain = () => {
    apply.reset()
    setApplied(null)
    look.mutate(text)
  }
  const isCurrent = looked !== null && looked.text === text
  return (
    <Card title="Apply a Kong file">
      <div className="gw-editor">
        <p className="muted small">
          It takes the place of what the API manages. Consumers and keys made here stay, and so does
          what compose files and Kong files of stacks say.
        </p>
        <TextSource
          box={box}
          text={text}
          onText={(next) => {
            setText(next)
            setApplied(null)
          }}
        />
        <div className="row wrap">
          <Button
            size="sm"
            variant={isCurrent ? 'default' : 'filled'}
            disabled={text.trim() === ''}
            loading={look.isPending}
            onClick={lookAgain}
          >
            See what would change
          </Button>
          {looked !== null && !isCurrent && (
            <span className="muted small">The text is another one by now: look again.</span>
          )}
        </div>
        <p className="gw-applied" role="status">
          {applied !== null && `Applied as revision ${applied}.`}
        </p>
        {look.isError && <ErrorBox error={look.error} />}
        {isCurrent && looked.diff.faults.length > 0 && (
          <Faults faults={looked.diff.faults} onGo={(fault) => goTo(box.current, fault)} />
        )}
        {isCurrent && looked.diff.faults.length === 0 && (
          <>
            <DiffView diff={looked.diff} />
            <ApplyForm
              disabled={looked.diff.changes.length === 0}
              busy={apply.isPending}
              onApply={(note) => apply.mutate({ looked, note })}
            />
          </>
        )}
        {apply.isError && (
          <ErrorBox
            error={apply.error}
            {...(isConflict(apply.error) ? { onRetry: lookAgain, retryLabel: 'Look again' } : {})}
          />
        )}
      </div>
    </Card>
  )
}

/** Somebody else has applied another configuration since the difference was made. */
const isConflict = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.status === 412

/** Marks the place in the box and brings it into view: lines are not wrapped, so each is as high. */
const goTo = (box: HTMLTextAreaElement | null, { line, column }: GatewayFault) => {
  if (box === null) return
  const { from, to } = placeInText(box.value, line, column)
  box.focus()
  box.setSelectionRange(from, to)
  const lineHeight = Number.parseFloat(getComputedStyle(box).lineHeight)
  box.scrollTop = (line - 1) * lineHeight - box.clientHeight / 2
}
