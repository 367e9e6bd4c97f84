import assert from 'node:assert/strict'
import { chmod, cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { audit, type Audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import { missingStacks, stacks, stacksFolder } from '../testing/conformance.ts'
import { lineChanges, splitLines } from './line-diff.ts'
import { planFixes, type PlannedFile } from './plan-fixes.ts'
import { writeFixes } from './write-files.ts'

/** Everything that can be mended in public stacks, on a copy. */

const skip = missingStacks()

const copyStack = async (name: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-fix-'))
  const root = join(folder, name)
  await cp(join(stacksFolder, name), root, { recursive: true })
  // The material may be write-protected; a repository is not.
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) {
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
    }
  }
  await chmod(root, 0o755)
  return { root, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const weighty = ({ findings }: Audit) =>
  new Set(
    findings.filter(({ severity }) => severity !== 'info').map(({ fingerprint }) => fingerprint),
  )

const unloadable = ({ refused }: Audit) => refused.map(({ files }) => files.join()).toSorted()

/** What goes away comes back in the lines that take its place, but for brackets and dashes. */
const lostWords = ({ before, after }: PlannedFile): string[] => {
  const lines = splitLines(before)
  return lineChanges(before, after).flatMap(({ from, to, text }) => {
    const gone =
      lines
        .slice(from - 1, to)
        .join('')
        .match(/[\w.:$\-/]*\w/g) ?? []
    return gone.filter((word) => !text.includes(word.replace(/^-/, '')))
  })
}

for (const name of stacks) {
  for (const isAsked of [false, true]) {
    test(
      `${name}, ${isAsked ? 'with what is a decision' : 'without a decision'}`,
      { skip },
      async () => {
        await using copy = await copyStack(name)
        const { root } = copy
        const before = await audit({ root })
        const asked = isAsked
          ? rules.map(({ id }) => id).filter((id) => id !== 'network/unused')
          : []
        const plan = await planFixes({ root, audit: before, rules: asked })
        const mended = new Set(plan.files.flatMap(({ fingerprints }) => fingerprints))
        if (isAsked) assert.ok(mended.size > 0)
        assert.deepEqual(plan.files.flatMap(lostWords), [])
        await writeFixes(root, plan.files)
        const after = await audit({ root })
        assert.deepEqual(unloadable(after), unloadable(before))
        const left = after.findings.filter(({ fingerprint }) => mended.has(fingerprint))
        assert.deepEqual(
          left.map(({ rule, service }) => `${rule} ${service}`),
          [],
        )
        const fresh = [...weighty(after)].filter((fingerprint) => !weighty(before).has(fingerprint))
        assert.deepEqual(fresh, [])
        const again = await planFixes({ root, audit: after, rules: asked })
        assert.deepEqual(
          again.files.map(({ file, diff }) => `${file}\n${diff}`),
          [],
        )
      },
    )
  }
}
