import type { DockerfileEvidence, StageEvidence } from '../systems/system.ts'
import { findFaults } from './dockerfile-faults.ts'
import { readLines, type Line } from './dockerfile-lines.ts'
import { applyLine, declareArgument, openStage, type OpenStage } from './dockerfile-stage.ts'
import { expandWord, splitWords, type Scope } from './dockerfile-words.ts'
import { readImage } from './image.ts'

/** What a Dockerfile says; build arguments go into what depends on them. */
export type ReadDockerfile = (
  file: string,
  text: string,
  args: ReadonlyMap<string, string | undefined>,
) => DockerfileEvidence

/** A larger file is no Dockerfile that somebody wrote; the parser needs 0.4 s for 200 kB. */
const textLengthMax = 100_000
const stageCountMax = 100

export const readDockerfile: ReadDockerfile = (file, text, args) => {
  if (text.length > textLengthMax) return { file, isEmpty: false, stages: [], faults: [] }
  const lines = readLines(file, text)
  return {
    file,
    isEmpty: lines.lines.length === 0,
    stages: readStages(lines.lines, lines.escape, args),
    faults: findFaults(file, lines),
  }
}

const readStages = (lines: readonly Line[], escape: string, args: Scope): StageEvidence[] => {
  const globals = new Map<string, string | undefined>()
  const reading = { escape, globals, args }
  const stages: OpenStage[] = []
  for (const line of lines) {
    const open = stages.at(-1)
    if (line.keyword === 'FROM') {
      if (stages.length >= stageCountMax) break
      stages.push(startStage(line, stages, { escape, globals }))
    } else if (open !== undefined) {
      applyLine(open, line, reading)
    } else if (line.keyword === 'ARG') {
      for (const word of splitWords(line.text, escape)) {
        declareArgument({ scope: globals }, word, reading)
      }
    }
  }
  return stages
}

const startStage = (
  { at, text }: Line,
  earlier: readonly StageEvidence[],
  { escape, globals }: { escape: string; globals: Scope },
): OpenStage => {
  const [image = '', , alias] = splitWords(text, escape)
  const reference = expandWord(image, globals, escape)
  const parent = earlier.findLast(
    ({ name }) => name !== undefined && name === reference?.toLowerCase(),
  )
  const own =
    reference === undefined || reference === ''
      ? { base: undefined, isScratch: false }
      : {
          base: reference === 'scratch' ? undefined : readImage(reference, at),
          isScratch: reference === 'scratch',
        }
  return openStage(at, alias?.toLowerCase(), parent, parent ?? own)
}
