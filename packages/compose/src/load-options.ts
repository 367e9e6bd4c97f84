import type { Limits } from './limits.ts'

export type LoadOptions = {
  /** Where to look for a compose file, and what relative `files` are relative to. */
  cwd: string
  /** As `-f`, merged in order. Without: `COMPOSE_FILE`, then the files Compose looks for. */
  files?: string[]
  /** As `--project-directory`: what relative paths are relative to. Without: the file's folder. */
  workingDir?: string
  /** As `--env-file`: read in order instead of the project folder's `.env`. */
  envFiles?: string[]
  /** The shell's environment. It is never read from the process. */
  env: Record<string, string | undefined>
  /** Active profiles; `*` is all of them. Without: `COMPOSE_PROFILES`. */
  profiles?: string[]
  /** Only these services and what they depend on; naming one turns its profiles on. */
  services?: string[]
  /** As `services`, and the others stay: what is named has its profiles on, nothing is left out. */
  named?: string[]
  /** Leave out networks, volumes, configs, secrets and models that no service uses. */
  withoutUnused?: boolean
  /** As `-p`; must be a legal project name. */
  projectName?: string
  /**
   * What findings of the consistency stage become. `warning` gives the model of a stack that could
   * not run as it is, for tools that look for such gaps. Default: `error`.
   */
  consistency?: 'error' | 'warning'
  /**
   * What is missing beside the compose files (env files, label files, required variables, what
   * `confineTo` keeps from being read): with `warning` the model is read without it. Default: `error`.
   */
  missing?: 'error' | 'warning'
  /** False is `--no-normalize`: nothing that is implied is said. */
  normalize?: boolean
  /** False is `--no-path-resolution`: paths stay relative to the project folder. */
  resolvePaths?: boolean
  /** Leave `env_file` and `label_file` out of the model once they are read. */
  discardEnvFiles?: boolean
  /**
   * Refuses, with its place, every path to read that leads out of this folder, links followed:
   * compose files with what they include and extend, env files, label files, files of configs and
   * secrets, build contexts. For files of people who are not trusted; see docs/adr/0012 of Keelson.
   */
  confineTo?: string
  /** Texts in place of those on disk, by absolute path: what a file would say after a change. */
  texts?: ReadonlyMap<string, string>
  limits?: Partial<Limits>
}
