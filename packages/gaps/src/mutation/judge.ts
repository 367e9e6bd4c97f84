import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { audit } from '../audit.ts'
import type { Finding } from '../rules/rule.ts'
import type { Healthy } from './healthy.ts'
import type { Mutant, Operator } from './mutant.ts'

/** What became of one mutant. */
export type Judged = {
  stack: string
  operator: Operator
  mutant: Mutant
  /** The rule that had to find it did, about the right service. */
  isFound: boolean
  /** Errors and warnings that came with it and speak of something that was not broken. */
  misattributed: readonly Finding[]
}

/** Breaks the stack, audits it, and mends it again. */
export const judge = async (
  healthy: Healthy,
  operator: Operator,
  mutant: Mutant,
): Promise<Judged> => {
  const { root, known, files, write, readBefore } = healthy
  const { changes, running, service } = mutant
  for (const [file, text] of changes) {
    if (text === null) await rm(join(root, file))
    else await write(file, text)
  }
  try {
    const found = await audit({
      ...{ root, readBefore },
      ...(running === undefined ? {} : { running: () => Promise.resolve(running) }),
    })
    const fresh = found.findings.filter(({ fingerprint }) => !known.has(fingerprint))
    const isExpected = (one: Finding) =>
      one.rule === operator.rule && (service === undefined || one.service === service)
    return {
      ...{ stack: healthy.name, operator, mutant },
      isFound: fresh.some(isExpected),
      misattributed: fresh.filter(
        (one) =>
          one.severity !== 'info' &&
          !isExpected(one) &&
          // A comment of the healthy stack that a change makes needless is told rightly.
          one.rule !== 'suppression/stale' &&
          operator.also?.includes(one.rule) !== true &&
          !speaksOfIt(one, mutant, files),
      ),
    }
  } finally {
    for (const [file] of changes) {
      const before = files.get(file)
      if (before === undefined) await rm(join(root, file), { force: true })
      else await write(file, before)
    }
  }
}

/** What follows from a change has one of its sides in what was changed. */
const speaksOfIt = (
  { evidence, rule }: Finding,
  { changes, running }: Mutant,
  files: ReadonlyMap<string, string>,
): boolean =>
  (running !== undefined && rule.startsWith('running/')) ||
  evidence.some(({ file, line }) => {
    const after = changes.get(file)
    if (after === undefined) return false
    const before = files.get(file)
    if (line < 1 || typeof after !== 'string' || before === undefined) return true
    // A change of form alone (the file is written anew) breaks nothing: the line has to be new.
    const plain = (text: string) => text.replaceAll(/\s/g, '')
    const text = plain(after.split('\n')[line - 1] ?? '')
    return !before.split('\n').some((one) => plain(one) === text)
  })
