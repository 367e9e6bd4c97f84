import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundLogFile, readLogSince } from './log-file.ts'
import { createRecordingLog } from './testing/ground.ts'

test('a log past its limit becomes the former part, while its writer goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-test-'))
  const file = join(folder, 'postgres.log')
  const writer = openSync(file, 'a')
  const bound = boundLogFile(file, createRecordingLog(), 100)
  try {
    writeSync(writer, 'a'.repeat(100))
    await bound.check()
    assert.equal(readFileSync(file, 'utf8').length, 100)
    writeSync(writer, 'b')
    await bound.check()
    writeSync(writer, 'c')
    assert.equal(readFileSync(file, 'utf8'), 'c')
    assert.equal(readFileSync(`${file}.1`, 'utf8'), `${'a'.repeat(100)}b`)
  } finally {
    bound.stop()
    closeSync(writer)
    rmSync(folder, { recursive: true })
  }
})

test('what was written since an offset is read, also when the log was cut meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-test-'))
  const file = join(folder, 'postgres.log')
  try {
    appendFileSync(file, 'former words')
    assert.equal(await readLogSince(file, 7), 'words')
    assert.equal(await readLogSince(file, 5000), 'former words')
    appendFileSync(file, 'x'.repeat(100_000))
    assert.equal((await readLogSince(file, 0)).length, 64 * 1024)
    assert.equal(await readLogSince(join(folder, 'absent'), 0), '')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
