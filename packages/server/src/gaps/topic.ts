import { stackObject } from '@keelson/contract'
import type { Live } from '../kernel/live.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Gaps } from './gaps.ts'

type Deps = { live: Pick<Live, 'topic'>; gaps: Gaps; log: Log }

/**
 * Live `gaps`: the numbers of every stack, and then those of each one whose report has changed or is
 * being made. Whoever shows a report reads it again.
 */
export const gapTopic = ({ live, gaps, log }: Deps): void =>
  live.topic({
    name: 'gaps',
    permission: 'gaps:read',
    async open(_argument, send, actor) {
      const isVisible = (stack: string) => actor.may('gaps:read', stackObject(stack))
      const withState = <T extends { stack: string }>(one: T) => ({
        ...{ ...one, isAuditing: gaps.isAuditing(one.stack) },
      })
      for (const summary of await gaps.list()) {
        if (isVisible(summary.stack)) send('gaps', withState(summary))
      }
      return gaps.onChange((stack) => {
        if (!isVisible(stack)) return
        gaps
          .summary(stack)
          .then((summary) => summary !== undefined && send('gaps', withState(summary)))
          .catch((error: unknown) => {
            // Without a database there is nothing to tell, and others say so.
            log.debug({ stack, reason: messageOf(error) }, 'gaps cannot be told now')
          })
      })
    },
  })
