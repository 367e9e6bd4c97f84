/**
 * Gaps: what is claimed, declared, built and running, held against each other.
 *
 * A repository is listed (`tree/`), its files are read into facts (`readers/`), the compose files and
 * all that speaks about them become systems (`systems/`), each rule (`rules/`) looks at a system and
 * yields findings with the evidence of both sides, and what the repository says about its own audit
 * (settings, suppressions, baseline: `findings/`) is carried out on them. `fix/` mends what can be
 * mended, and proves it. `formats/` writes reports.
 *
 * Invariants: nothing of the repository is run; every file, list and text has a bound; what is not
 * known is no finding; the same files give the same findings on every machine.
 */
export { audit } from './audit.ts'
export type { Audit, AuditOptions } from './audit.ts'
export { baselineFile, compareBaseline, readBaseline, writeBaseline } from './findings/baseline.ts'
export type { BaselineEntry } from './findings/baseline.ts'
export { GapsInputError } from './findings/input-error.ts'
export type { Inventory } from './findings/inventory.ts'
export type { FailOn, Settings } from './findings/settings.ts'
export { settingsFile } from './findings/settings.ts'
export { systemOf, viewOfStack } from './findings/stack-view.ts'
export type { StackView } from './findings/stack-view.ts'
export type { Edit } from './fix/edit.ts'
export { planFixes } from './fix/plan-fixes.ts'
export { readChanges } from './fix/read-changes.ts'
export { writeFixes, WriteFailed } from './fix/write-files.ts'
export type { WrittenFile } from './fix/write-files.ts'
export type { FixOptions, FixPlan, PlannedFile, Skipped } from './fix/plan-fixes.ts'
export { formatReport, reportFormats } from './formats/index.ts'
export type { Report, ReportFormat } from './formats/report.ts'
export { formatPlace, inventoryLineOf, verdictOf } from './formats/words.ts'
export { readExcerpts } from './formats/excerpts.ts'
export type { Excerpt } from './formats/excerpts.ts'
export type { Fact } from './place.ts'
export type { RunningEvidence, System } from './systems/system.ts'
export { rules } from './rules/index.ts'
export { families, fixCommandOf } from './rules/rule.ts'
export type { Family, Finding, Rule, Severity } from './rules/rule.ts'
export { exportRevision, RevisionError } from './tree/export-revision.ts'
