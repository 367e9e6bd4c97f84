import type { BuildEvidence, StageEvidence } from './system.ts'

/** The stage that runs: the target's (by name, or by number from 0), or the last. */
export const stageOf = ({ dockerfile, target }: BuildEvidence): StageEvidence | undefined => {
  const stages = dockerfile?.stages ?? []
  if (target === undefined || target === '') return stages.at(-1)
  const named = stages.findLast(({ name }) => name === target.toLowerCase())
  return named ?? (/^\d{1,3}$/.test(target) ? stages[Number(target)] : undefined)
}

/** The stages that are built for it: its own, and those it copies from. */
export const stagesBuilt = (build: BuildEvidence): readonly StageEvidence[] => {
  const all = build.dockerfile?.stages ?? []
  const found = new Set<StageEvidence>()
  const queue = [stageOf(build)]
  while (queue.length > 0) {
    const stage = queue.pop()
    if (stage === undefined || found.has(stage)) continue
    found.add(stage)
    for (const { from } of stage.copies) {
      if (from === undefined) continue
      const index = /^\d{1,3}$/.test(from) ? Number(from) : undefined
      queue.push(
        index === undefined ? all.findLast(({ name }) => name === from.toLowerCase()) : all[index],
      )
    }
  }
  return [...found]
}
