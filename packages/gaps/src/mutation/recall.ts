import { judge, type Judged } from './judge.ts'
import { openHealthy } from './healthy.ts'
import { operators } from './operators/index.ts'

/** Of one operator in one stack; the others of a stack of 25 services would be the same again. */
const mutantsMax = 3

/** Stacks without findings; what they are for is in each one's README. */
const stacks = ['alicia', 'auterity', 'indexforge', 'opsconductor', 'symphainy']

/** Breaks every stack in every way, one after the other. */
export const measureAll = async (folder: string): Promise<Judged[]> => {
  const judged: Judged[] = []
  for (const name of stacks) judged.push(...(await measureRecall(folder, name)))
  return judged
}

const measureRecall = async (folder: string, name: string): Promise<Judged[]> => {
  await using healthy = await openHealthy(folder, name)
  const judged: Judged[] = []
  for (const operator of operators) {
    let count = 0
    for (const mutant of operator.mutants(healthy)) {
      if (mutant === undefined) continue
      judged.push(await judge(healthy, operator, mutant))
      count += 1
      if (count === mutantsMax) break
    }
  }
  return judged
}

export type RecallRow = {
  rule: string
  breaks: string
  mutants: number
  found: number
  stacks: number
}

/** One row for each way to break a stack, in the order of the rules. */
export const recallRows = (judged: readonly Judged[]): RecallRow[] =>
  operators.map((operator) => {
    const own = judged.filter((one) => one.operator === operator)
    return {
      ...{ rule: operator.rule, breaks: operator.breaks, mutants: own.length },
      found: own.filter(({ isFound }) => isFound).length,
      stacks: new Set(own.map(({ stack }) => stack)).size,
    }
  })
