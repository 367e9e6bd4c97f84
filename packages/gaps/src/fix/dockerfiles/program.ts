import type { ManifestEvidence, SourceEvidence } from '../../systems/system.ts'

/** What is known of the program in a build context. */
export type Program = {
  manifest: ManifestEvidence | undefined
  /** That it listens on. */
  port: number | undefined
  /** Is this path in the context? */
  has: (file: string) => boolean
  /** Those at the top of the context. */
  sources: readonly SourceEvidence[]
}

export const exposeLines = ({ port }: Program): readonly string[] =>
  port === undefined ? [] : [`EXPOSE ${port}`]

/** A user that no image has, so that nothing belongs to it. */
export const plainUser = 'USER 10001:10001'
