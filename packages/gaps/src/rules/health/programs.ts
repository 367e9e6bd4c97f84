import { factAt, type Fact } from '../../place.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence, StageEvidence } from '../../systems/system.ts'

/** Folders into which whatever is copied may bring a program. */
const programFolder = /^\/(?:(?:usr\/)?(?:local\/)?s?bin(?:\/|$)|usr(?:\/local)?\/?$|$)/

/**
 * Facts that show that a program is not in the image that runs; undefined when it is there, or
 * may be. Looks at the base image, at what RUN lines install and at what else names the program.
 */
export const factsOfAbsence = (
  program: string,
  service: ServiceEvidence,
): readonly Fact[] | undefined => {
  const { image, build, model } = service
  if (model.volumes.some(({ target }) => mayBring(target, program))) return undefined
  if (build === undefined) {
    const isLacking = image?.known?.lacks.includes(program) ?? false
    return isLacking && image !== undefined
      ? [factAt(image.at, `${image.name} has no ${program}`)]
      : undefined
  }
  const stage = stageOf(build)
  if (stage === undefined || stage.installs.has(program)) return undefined
  if (stage.runs.some(({ text }) => names(text, program))) return undefined
  if (stage.copies.some((copy) => mayBring(copy.destination, program) || copiesIt(copy, program))) {
    return undefined
  }
  if (stage.isScratch) return [factAt(stage.at, `the image is empty but for what is copied in`)]
  const { base } = stage
  return base?.known?.lacks.includes(program) === true
    ? [factAt(base.at, `${base.name}${tagOf(base.tag)} has no ${program}, and no RUN installs it`)]
    : undefined
}

const tagOf = (tag: string | undefined) => (tag === undefined ? '' : `:${tag}`)

const mayBring = (target: string | undefined, program: string): boolean =>
  target === undefined || programFolder.test(target) || target.endsWith(`/${program}`)

const copiesIt = ({ sources }: StageEvidence['copies'][number], program: string): boolean =>
  sources.some((source) => source === undefined || names(source, program))

const names = (text: string, program: string): boolean => {
  for (let at = text.indexOf(program); at !== -1; at = text.indexOf(program, at + 1)) {
    const before = text.charAt(at - 1)
    const after = text.charAt(at + program.length)
    if (!/[\w]/.test(before) && !/[\w]/.test(after)) return true
  }
  return false
}
