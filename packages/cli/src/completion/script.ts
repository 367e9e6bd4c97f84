import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import type { Leaf, Shell } from './tree.ts'
import { zshScript } from './zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

export const isShell = (text: string): text is Shell => Object.hasOwn(scripts, text)

export const completionScript = (shell: Shell, leaves: readonly Leaf[]): string =>
  scripts[shell](leaves)
