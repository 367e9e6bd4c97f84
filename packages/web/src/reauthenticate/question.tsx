import { Button } from '@mantine/core'
import type { ReactNode } from 'react'

type QuestionProps = {
  titleId: string
  children: ReactNode
  /** The button that proves it; stands beside the one that leaves. */
  action?: ReactNode
}

/** Why a proof is asked for, the way to give it, and the way out. */
export const Question = ({ titleId, children, action }: QuestionProps) => (
  <>
    <div className="dialog-body">
      <h2 id={titleId}>Confirm that it is you</h2>
      <p>
        This touches who may get in, so it takes a fresh proof. It counts for the next 15 minutes.
      </p>
      {children}
    </div>
    <div className="dialog-actions">
      <Button
        variant="default"
        size="sm"
        onClick={({ currentTarget }) => currentTarget.closest('dialog')?.close()}
      >
        Cancel
      </Button>
      {action}
    </div>
  </>
)
