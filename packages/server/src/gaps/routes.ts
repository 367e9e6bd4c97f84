import { stackObject, type GapReport } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import { AppError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Http } from '../kernel/http.ts'
import { observationFor, readableTo } from '../orchestrator/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Gaps } from './gaps.ts'

type Deps = { http: Http; gaps: Gaps; clock: Clock; registry: Registry }

export const gapRoutes = ({ http, gaps, clock, registry }: Deps): void => {
  http.route('listGaps', async ({ actor }) => {
    const items = await gaps.list()
    const visible = items.filter(({ stack }) => actor.may('gaps:read', stackObject(stack)))
    return { items: visible, nextCursor: null }
  })
  http.route('getStackGaps', async ({ actor, params }) =>
    reportFor(actor, await gaps.report(params.stack)),
  )
  http.route('auditStack', async ({ actor, params }) =>
    reportFor(actor, await gaps.audit(actor, params.stack)),
  )
  http.route('getStackGapHistory', ({ params, query: { before, limit } }) => {
    if (before !== undefined && !/^\d{1,18}$/.test(before)) throw new AppError('cursor_invalid')
    return gaps.history(params.stack, { before, limit })
  })
  http.route('acceptGap', ({ actor, params, body }) =>
    gaps.accept(actor, params.stack, params.fingerprint, {
      reason: reasonIn(body.reason),
      until: body.until === undefined ? null : timeToCome(body.until, clock),
    }),
  )
  http.route('withdrawGapAcceptance', ({ actor, params }) =>
    gaps.withdraw(actor, params.stack, params.fingerprint),
  )
  http.route('previewGapFixes', ({ params, body }) =>
    gaps.previewFixes(params.stack, body.fingerprints),
  )
  http.route('observeStack', async ({ actor, params: { stack } }) =>
    observationFor(await gaps.observe(stack), readableTo({ actor, stack, registry })),
  )
}

const reportFor = (actor: Actor, report: GapReport): GapReport => ({
  ...report,
  may: report.may.filter((right) => actor.may(right, stackObject(report.stack))),
})

const reasonLengthMin = 3

const reasonIn = (given: string): string => {
  const reason = given.trim()
  if (reason.length >= reasonLengthMin) return reason
  throw new AppError('bad_request', { message: 'The reason is empty: say why it is accepted' })
}

const timeToCome = (given: string, clock: Clock): Date => {
  const until = new Date(given)
  if (until > clock.now()) return until
  throw new AppError('bad_request', { message: `${given} is over: until is a time to come` })
}
