import type { Node } from '@vscode/tree-sitter-wasm'
import type { Language, SourceEvidence } from '../../systems/system.ts'

type Lists = Pick<SourceEvidence, 'reads' | 'listens' | 'serves' | 'contacts' | 'metrics'>

/** What one file is found to say, while it is looked through. */
export type Found = { -readonly [K in keyof Lists]: Lists[K][number][] } & { readsOthers?: boolean }

export type Looking = {
  file: string
  text: string
  language: Language
  found: Found
}

/**
 * A word of the text is a candidate, the syntax around it judges. Only a file with a candidate is
 * parsed, and of its tree only the surroundings of candidates are visited.
 */
export type Probe = {
  languages: readonly Language[]
  /** With the `g` flag, linear, and narrow: what does not match is never looked at. */
  word: RegExp
  /** Told apart by the text alone: no reason to parse. */
  skips?: (text: string, match: RegExpExecArray) => boolean
  /** `node` is what stands at the last character of the match. */
  look: (node: Node, looking: Looking, match: RegExpExecArray) => void
}

export const scripts: readonly Language[] = ['javascript', 'typescript']
export const everyLanguage: readonly Language[] = [
  ...scripts,
  ...(['python', 'java', 'go', 'csharp'] as const),
]
