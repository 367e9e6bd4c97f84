import type { Output } from './output.ts'

/** Options every command takes, before or after its name. */
export type SharedOptions = {
  files: readonly string[]
  envFiles: readonly string[]
  projectName: string | undefined
  /** `--project-directory`: what relative paths of the files are relative to. */
  projectFolder: string | undefined
  profiles: readonly string[]
  json: boolean
  quiet: boolean
}

/** What a command gets: where it was called, how it may speak, and the options shared by all. */
export type Context = {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  dataFolder: string
  output: Output
  shared: SharedOptions
}
