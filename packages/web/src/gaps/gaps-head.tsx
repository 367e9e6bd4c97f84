import type { GapReport } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { gapsQuery } from '../api/queries.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { formatSeconds } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { refreshGaps } from './refresh-gaps.ts'
import { Score } from './score.tsx'
import { verdictOf } from './verdict.ts'

/** How much of the stack is as it is told to be, in one sentence, and when that was looked at. */
export const GapsHead = ({ report, mayWrite }: { report: GapReport; mayWrite: boolean }) => {
  const { tone, sentence } = verdictOf(report)
  const { inventory } = report
  return (
    <div className={`verdict gaps-head is-${tone}`}>
      <span className="verdict-icon">
        <Icon name={tone} size={26} />
      </span>
      <div className="gaps-title">
        <div className="row">
          <h1 className="break">Gaps of {report.stack}</h1>
          <Auditing isAuditing={report.isAuditing} />
        </div>
        <p className="gaps-sentence" data-verdict={tone}>
          {sentence}
        </p>
        <AuditedAt report={report} />
      </div>
      {inventory !== null && (
        <div className="gaps-score">
          <span className="muted small">Score</span>
          <Score score={inventory.score} />
        </div>
      )}
      {inventory !== null && mayWrite && <AuditButton report={report} />}
    </div>
  )
}

const AuditedAt = ({ report: { at, durationMs, folder } }: { report: GapReport }) => (
  <p className="muted small gaps-audited">
    {at !== null && (
      <span>
        audited <Ago at={at} />
        {durationMs !== null && ` in ${formatSeconds(durationMs)}`}
      </span>
    )}
    <code className="break">{folder}</code>
  </p>
)

/** Beside the name, where coming and going moves nothing below. */
const Auditing = ({ isAuditing }: { isAuditing: boolean }) => (
  <span role="status">
    {isAuditing && (
      <span className="mark is-starting">
        <Icon name="starting" size={13} />
        auditing
      </span>
    )}
  </span>
)

export const AuditButton = ({
  report: { stack, inventory, isAuditing },
}: {
  report: GapReport
}) => {
  const cache = useQueryClient()
  const audit = useMutation({
    mutationFn: () => call('auditStack', { params: { stack } }),
    onSuccess: (report) => cache.setQueryData(gapsQuery(stack).queryKey, report),
    onSettled: () => void refreshGaps(cache, stack),
  })
  return (
    <div className="gaps-audit">
      <Button
        variant="default"
        size="sm"
        leftSection={<Icon name="restart" />}
        loading={audit.isPending}
        disabled={isAuditing}
        onClick={() => audit.mutate()}
      >
        {inventory === null ? 'Audit now' : 'Audit again'}
      </Button>
      {audit.isError && <ErrorBox error={audit.error} />}
    </div>
  )
}
