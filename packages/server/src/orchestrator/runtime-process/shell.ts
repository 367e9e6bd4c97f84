import { execFile } from 'node:child_process'
import { isOddName } from './command.ts'
import { findSystemProgram } from './program.ts'

/** The words that run a shell script, and whether odd names come out of it as they went in. */
export type Shell = { words: [string, ...string[]]; keepsOddNames: boolean }

/**
 * A shell for an environment. Every shell can hand on a variable that it could hold itself; one
 * with a name such as `spring.datasource.password` is dropped by dash and busybox, and kept by bash.
 * So bash runs the few lines of shim.sh for a service with such a variable. The other way, env(1),
 * would show the value for a moment to everybody on this host, in the arguments of a process.
 */
export const shellFor = async (environment: Readonly<Record<string, string>>): Promise<Shell> => {
  const plain: Shell = { words: ['/bin/sh'], keepsOddNames: false }
  if (!Object.keys(environment).some(isOddName)) return { ...plain, keepsOddNames: true }
  const bash = await findSystemProgram('bash')
  // -p: else it would run the file named by $BASH_ENV first.
  const candidates: Shell['words'][] = bash === undefined ? [] : [[bash, '-p']]
  for (const words of [...candidates, plain.words]) {
    if (await keepsOddNames(words)) return { words, keepsOddNames: true }
  }
  return plain
}

const tried = new Map<string, Promise<boolean>>()

const keepsOddNames = (words: Shell['words']): Promise<boolean> => {
  const key = words.join(' ')
  const answer = tried.get(key) ?? tryOddName(words)
  tried.set(key, answer)
  return answer
}

const tryOddName = ([program, ...options]: Shell['words']): Promise<boolean> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin', 'odd.name': 'kept' }
    const args = [...options, '-c', 'exec env']
    execFile(program, args, { env, timeout: 5000 }, (error, output) =>
      resolve(error === null && output.split('\n').includes('odd.name=kept')),
    )
  })

/** A word of a shell script that stands for itself. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
