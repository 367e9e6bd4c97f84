import type { GapFinding } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useId, useState } from 'react'
import { Command } from '../ui/copy-button.tsx'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { AcceptDialog } from './accept-dialog.tsx'
import { Acceptance } from './acceptance.tsx'
import { Evidence } from './evidence.tsx'
import { FixPreview } from './fix-preview.tsx'
import { SeverityIcon } from './severity.tsx'

type FindingItemProps = {
  stack: string
  finding: GapFinding
  isOpen: boolean
  isNew: boolean
  mayWrite: boolean
  onToggle: () => void
  onService: (service: string) => void
}

/** One finding: what is so, and unfolded why that is known, and the way to close it. */
export const FindingItem = (props: FindingItemProps) => {
  const { stack, finding, isOpen, isNew, mayWrite, onToggle, onService } = props
  const { service, acceptance } = finding
  const id = useId()
  return (
    <article
      className="finding"
      data-fingerprint={finding.fingerprint}
      data-new={isNew || undefined}
    >
      <button
        type="button"
        className="finding-head"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={onToggle}
      >
        <SeverityIcon severity={finding.severity} />
        <span className="break finding-message">{finding.message}</span>
        {isNew && <span className="mark is-starting">new</span>}
        <Icon name="chevron" size={14} />
      </button>
      <p className="finding-meta small muted">
        <code className="break">{finding.rule}</code>
        {service !== null && (
          <button
            type="button"
            className="text-button"
            aria-label={`Findings of ${service}`}
            onClick={() => onService(service)}
          >
            {service}
          </button>
        )}
        <span>
          since <Ago at={finding.since} />
        </span>
        {finding.isFixable && acceptance === null && <span>mended by command</span>}
      </p>
      {acceptance !== null && <Acceptance {...{ stack, finding, acceptance, mayWrite }} />}
      {isOpen && (
        <div id={id} className="finding-body">
          <Evidence evidence={finding.evidence} message={finding.message} />
          <Reason finding={finding} />
          <Actions stack={stack} finding={finding} mayWrite={mayWrite} />
        </div>
      )}
    </article>
  )
}

const Reason = ({ finding: { fix, title, rule } }: { finding: GapFinding }) => (
  <dl className="finding-facts">
    <div>
      <dt>What to do</dt>
      <dd className="break">{fix}</dd>
    </div>
    <div>
      <dt>Why: {title}</dt>
      <dd>
        <Command text={`keelson gaps rules ${rule}`} />
      </dd>
    </div>
  </dl>
)

type ActionsProps = { stack: string; finding: GapFinding; mayWrite: boolean }

const Actions = ({ stack, finding, mayWrite }: ActionsProps) => {
  const [fixShown, setFixShown] = useState(false)
  const [accepting, setAccepting] = useState(false)
  const mayAccept = mayWrite && finding.acceptance === null
  if (!finding.isFixable && !mayAccept) return null
  return (
    <>
      <div className="row wrap">
        {finding.isFixable && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="file" size={14} />}
            aria-expanded={fixShown}
            onClick={() => setFixShown(!fixShown)}
          >
            {fixShown ? 'Hide the fix' : 'Show the fix'}
          </Button>
        )}
        {mayAccept && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="check" size={14} />}
            onClick={() => setAccepting(true)}
          >
            Accept
          </Button>
        )}
      </div>
      {fixShown && <FixPreview stack={stack} fingerprints={[finding.fingerprint]} />}
      {accepting && (
        <AcceptDialog stack={stack} finding={finding} onClose={() => setAccepting(false)} />
      )}
    </>
  )
}
