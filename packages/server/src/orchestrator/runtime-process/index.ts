/**
 * Process runtime: instances as plain processes of this host. Keeps one folder per incarnation
 * (incarnation-folder.ts). Invariants: a claim is taken once, so an incarnation starts at most once
 * whatever is killed; an exit is told after its whole tree is gone and its output is in the log.
 */
export { createProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.ts'
