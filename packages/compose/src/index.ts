/**
 * The Compose Specification: loads compose files to the model `docker compose config` prints, and
 * knows where every value comes from.
 *
 * Reads compose files and env files, and nothing else: no clock, no network, no process environment.
 * Every file is read, interpolated, put together with what it includes and extends, merged and
 * brought to long form (`load-files.ts`); the one tree that results is normalised, resolved and
 * checked (`load.ts`). The model for programs, the printed model and the origins are read from it.
 *
 * Invariants: a key is known or refused by name and place, never ignored; every error is a
 * ComposeError with file, line and column; every load ends within its `Limits`.
 */
export { loadProject } from './load.ts'
export type { LoadOptions } from './load-options.ts'
export { ComposeError, formatDiagnostic } from './diagnostics.ts'
export type { Diagnostic, Origin } from './diagnostics.ts'
export { originsOf } from './origins.ts'
export { canonicalModel } from './render.ts'
export type { RenderOptions } from './render.ts'
export { EnvFileError, parseEnvFile } from './dotenv.ts'
export type { Assignment, ParsedEnvFile } from './dotenv.ts'
export { substitute, TemplateError } from './template.ts'
export type { Lookup, Substitution } from './template.ts'
export { suggest } from './suggestion.ts'
export { listVariables } from './variables.ts'
export type { VariableUse } from './variables.ts'
export { defaultLimits } from './limits.ts'
export type { Limits } from './limits.ts'
export type * from './model.ts'
