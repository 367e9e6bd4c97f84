/**
 * Gaps: what the files of each stack claim, declare and build, held against what runs.
 *
 * A child process (audit-command.ts) reads the folder of a stack with what is seen running of it
 * (observe.ts), because the rules are not the platform's and a repository may be large. An audit is
 * made when a file it read changed (file-watch.ts), when a stack was applied, when what runs is other
 * than it was, and when a person asks; one at a time, with pauses (schedule.ts, rounds.ts).
 *
 * Tables `gaps.report`, `.finding` (since when), `.point` (history), `.acceptance`. Announces
 * `gaps.changed`, `gap.accepted`, `gap.acceptance_withdrawn`. Live: `gaps`.
 *
 * Invariants:
 * - A report is of one audit that has ended, and commits with the event that tells of it.
 * - Nothing of a stack's folder is run or written.
 * - A stack that changes all the time costs a tenth of a core; one that does not, next to nothing.
 * - What is accepted is shown and counts nowhere; when its time is over it counts again, and that is told.
 */
export { createGaps } from './gaps.ts'
export type { Gaps } from './gaps.ts'
export { gapRoutes } from './routes.ts'
export { gapTopic } from './topic.ts'
