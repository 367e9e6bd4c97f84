import type { GapAcceptance, GapFinding } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { formatAbsolute } from '../ui/format.ts'
import { Ago } from '../ui/time.tsx'
import { refreshGaps } from './refresh-gaps.ts'

type AcceptanceProps = {
  stack: string
  finding: GapFinding
  acceptance: GapAcceptance
  mayWrite: boolean
}

/** Who accepted a finding, why and until when, and the way back. */
export const Acceptance = ({ stack, finding, acceptance, mayWrite }: AcceptanceProps) => {
  const cache = useQueryClient()
  const { fingerprint } = finding
  const withdraw = useMutation({
    mutationFn: () => call('withdrawGapAcceptance', { params: { stack, fingerprint } }),
    onSettled: () => refreshGaps(cache, stack),
  })
  const { reason, by, at, until } = acceptance
  return (
    <div className="acceptance">
      <p className="break">{reason}</p>
      <p className="muted small">
        accepted by {by} <Ago at={at} />
        {until === null ? '' : `, until ${formatAbsolute(until)}`}
      </p>
      {mayWrite && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="undo" size={14} />}
          aria-label={`Withdraw: ${finding.message}`}
          loading={withdraw.isPending}
          onClick={() => withdraw.mutate()}
        >
          Withdraw
        </Button>
      )}
      {withdraw.isError && <ErrorBox error={withdraw.error} />}
    </div>
  )
}
