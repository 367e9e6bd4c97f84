/**
 * For tests of every domain: a real PostgreSQL and a fresh database for each test in under 100 ms.
 */
export { signedIn } from './actor.ts'
export { createTestAudit, testKeyring } from './audit.ts'
export { createManualClock, type ManualClock } from './clock.ts'
export { createEmptyDatabase, createTestDb, type TestDb, type TestDbOptions } from './database.ts'
export { createMemoryLog, quietLog, type LogLine } from './log.ts'
export { startTestPostgres, type TestPostgres, type TestPostgresOptions } from './postgres.ts'
export { until } from './until.ts'
