import type { Problem, ProblemDetail } from '@keelson/contract'
import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { ProblemError } from '@keelson/sdk'
import { Command } from './copy-button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { Place } from './place.tsx'

type ErrorBoxProps = { error: unknown; onRetry?: () => void; retryLabel?: string }

/** One part of a page that could not be read; the rest of the page stays. */
export const ErrorBox = ({ error, onRetry, retryLabel = 'Try again' }: ErrorBoxProps) => {
  const { title, detail, hint, errors = [] } = explain(error)
  const command = /^Run: (.+)$/.exec(hint)?.[1]
  return (
    <div className="notice is-unhealthy" role="alert">
      <Icon name="unhealthy" />
      <div>
        <p className="notice-title">{title}</p>
        {errors.length > 0 ? (
          <Faults faults={errors} />
        ) : (
          detail !== title && <p className="break">{detail}</p>
        )}
        {command === undefined ? (
          hint !== '' && <p className="muted break">{hint}</p>
        ) : (
          <Command text={command} />
        )}
      </div>
      {onRetry !== undefined && (
        <Button size="xs" variant="default" onClick={onRetry}>
          {retryLabel}
        </Button>
      )}
    </div>
  )
}

const faultsShownMax = 20

/** Each thing that is wrong, with its place in the file and its own way out. */
const Faults = ({ faults }: { faults: readonly ProblemDetail[] }) => (
  <ul className="faults">
    {faults.slice(0, faultsShownMax).map(({ message, origin, hint }) => (
      <li key={`${message} ${origin?.file ?? ''} ${origin?.line ?? ''}`}>
        <p className="break">
          {message}
          {origin !== undefined && (
            <span className="muted">
              {' · '}
              <Place origin={origin} />
            </span>
          )}
        </p>
        {hint !== undefined && <p className="muted small break">{hint}</p>}
      </li>
    ))}
    {faults.length > faultsShownMax && (
      <li className="muted">and {faults.length - faultsShownMax} more</li>
    )}
  </ul>
)

type Explained = Pick<Problem, 'title' | 'detail' | 'hint' | 'errors'>

const explain = (error: unknown): Explained => {
  if (error instanceof ProblemError) return error.problem
  const detail = error instanceof Error ? error.message : String(error)
  return { title: 'This part of the page failed', detail, hint: '' }
}

type EmptyProps = {
  icon: IconName
  title: string
  /** The whole page is empty, so this is its heading. */
  asPage?: boolean
  children: ReactNode
  action?: ReactNode
}

/** Nothing to show, why, and the one thing to do about it. */
export const Empty = ({ icon, title, asPage = false, children, action }: EmptyProps) => (
  <div className="empty">
    <span className="muted">
      <Icon name={icon} size={28} />
    </span>
    {asPage ? <h1>{title}</h1> : <h2>{title}</h2>}
    <p>{children}</p>
    {action}
  </div>
)

/** Placeholder with the height of what will be there, so that nothing jumps. */
export const Loading = ({ rows = 3, height = 20 }: { rows?: number; height?: number }) => (
  <div className="stack" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      <Skeleton key={row} height={height} radius="sm" />
    ))}
  </div>
)

/** A quiet hint inside a card. */
export const Quiet = ({ children }: { children: ReactNode }) => (
  <p className="muted card-body">{children}</p>
)
