import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { localActor } from '../actor.ts'
import {
  checkpointFileIn,
  createAuditLog,
  createAuditRecorder,
  createCheckpointFile,
  verifyAudit,
} from '../audit/index.ts'
import { AppError } from '../errors.ts'
import { createManualClock, createMemoryLog, createTestDb, until } from '../testing/index.ts'
import { createKeyring, newKeyLine, readKeyLines } from './keyring.ts'
import { openKeyring, removeKeyDrafts, type KeySource } from './open-keyring.ts'
import { createKeyRotation } from './rotation.ts'
import { checkKeyring, hasSeenKeys } from './store.ts'
import type { SealedColumn } from './sealed.ts'

const secrets: SealedColumn = {
  ...{ what: 'secrets', table: 'secret', id: 'id', column: 'sealed' },
  ...{ purpose: 'test', bound: (id) => `secret|${id}` },
}

type Given = { file?: (folder: string) => string; command?: (folder: string) => string }

/** A database with an audit, and the keys of a data folder; `restart` is another process of it. */
const openBench = async ({ file, command }: Given = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-keys-'))
  const database = await createTestDb()
  const { db } = database
  await db.execute('create table secret (id text primary key, sealed text)')
  await db.execute('create table token (pepper integer)')
  const source: KeySource = {
    ...{ dataDir: folder, file: file?.(folder), command: command?.(folder) },
  }
  const path = source.file ?? join(folder, 'master.key')
  if (source.file !== undefined || source.command !== undefined) {
    await writeFile(path, newKeyLine(1), { mode: 0o600 })
  }
  const log = createMemoryLog()
  const start = async () => {
    const keyring = await openKeyring(source, { hasSeenKeys: await hasSeenKeys(db) })
    await checkKeyring(db, keyring)
    const clock = createManualClock()
    const audit = createAuditLog({ ...{ db, keyring, clock, log }, dataDir: folder, keptMonths: 0 })
    const keys = createKeyRotation({
      ...{ db, log, audit, keyring, source, sealed: [secrets] },
      numbered: [{ what: 'tokens', table: 'token', number: 'pepper' }],
    })
    await keys.start()
    return { keyring, audit, keys }
  }
  let running = await start()
  return {
    ...{ db, folder, path, log, source },
    now: () => running,
    async restart() {
      await running.keys.stop()
      running = await start()
      return running
    },
    put: async (id: string, value: string) => {
      const sealed = running.keyring.seal('test', Buffer.from(value), `secret|${id}`)
      await db.execute('insert into secret values ($1, $2)', [id, sealed])
    },
    sealedBy: async () =>
      (
        await db.many<{ id: string; sealed: string }>('select id, sealed from secret order by id')
      ).map(({ id, sealed }) => ({
        ...{ id, key: running.keyring.numberOf(sealed) },
        value: running.keyring.open('test', sealed, `secret|${id}`).toString(),
      })),
    rotations: async () =>
      (
        await db.many<{ detail: string; actor_name: string }>(
          "select detail, actor_name from kernel.audit_entry where action = 'master_key.rotated'",
        )
      ).map(({ detail, actor_name: name }) => ({ name, ...(JSON.parse(detail) as object) })),
    async [Symbol.asyncDispose]() {
      await running.keys.stop()
      await running.audit.close()
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

const parseKeys = (text: string): ReadonlyMap<number, Buffer> | null => {
  const read = readKeyLines(text)
  return 'fault' in read ? null : read
}

const hasCode = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError)
  assert.equal(error.code, code)
  assert.match(error.message, message)
  return true
}

test('ASVS 13.3.4: a rotation writes a new key, and what is sealed comes under it', async () => {
  await using bench = await openBench()
  for (let id = 100; id < 350; id += 1) await bench.put(String(id), `value ${id}`)
  await bench.db.execute('insert into token values (1), (1)')
  const { keys, keyring } = bench.now()
  const before = keyring.derive('audit/mac')
  const told = await keys.rotate(localActor)
  assert.equal(keyring.current, 2)
  assert.deepEqual(keyring.derive('audit/mac', 1), before)
  assert.notDeepEqual(keyring.derive('audit/mac'), before)
  assert.deepEqual(
    told.keys.map(({ number, inUse, audited }) => [number, inUse, audited]),
    [
      [1, false, true],
      [2, true, false],
    ],
  )
  await keys.settled()
  const sealed = await bench.sealedBy()
  assert.ok(sealed.every(({ id, key, value }) => key === 2 && value === `value ${id}`))
  const after = await keys.status()
  assert.deepEqual(after.keys[0]?.holds, [{ what: 'tokens', count: 2 }])
  assert.deepEqual(after.keys[1]?.holds, [{ what: 'secrets', count: 250 }])
  assert.deepEqual([after.inDataFolder, after.resealing], [true, false])
  assert.deepEqual(parseKeys(await readFile(bench.path, 'utf8'))?.size, 2)
  assert.equal((await stat(bench.path)).mode & 0o777, 0o600)
})

test('the new key is there at the next start, and the audit is whole across both', async () => {
  await using bench = await openBench()
  await bench.now().keys.rotate(localActor)
  await bench.restart()
  const { keys, keyring } = bench.now()
  assert.deepEqual(keyring.numbers, [1, 2])
  await keys.rotate(localActor)
  assert.equal((await bench.rotations()).length, 2)
  const file = createCheckpointFile(checkpointFileIn(bench.folder))
  const found = await verifyAudit({ db: bench.db, keyring: bench.now().keyring, file })
  assert.deepEqual([found.rows, found.findings], [2, []])
})

test('a key that was rotated away writes no history any more', async () => {
  await using bench = await openBench()
  const first = parseKeys(await readFile(bench.path, 'utf8'))
  assert.ok(first !== null)
  const { keys, audit, keyring } = bench.now()
  await keys.rotate(localActor)
  const entry = {
    action: 'system.stopped',
    object: { kind: 'platform', id: '1', name: 'x' },
  } as const
  const lanes = async () =>
    (
      await bench.db.one<{ count: number }>(
        'select count(distinct lane)::int as count from kernel.audit_entry where key_number = 2',
      )
    ).count
  // Lanes are chosen at random: until each has a row of the new key.
  for (let rows = 0; rows < 2000 && (await lanes()) < 16; rows += 1)
    await audit.write(localActor, entry)
  const stolen = createKeyring(first)
  const thief = createAuditRecorder({ ...bench, clock: createManualClock(), keyring: stolen })
  await thief.write(localActor, entry)
  const file = createCheckpointFile(checkpointFileIn(bench.folder))
  const found = await verifyAudit({ db: bench.db, keyring, file })
  assert.equal(found.findingsCount, 1)
  assert.match(found.findings[0] ?? '', /its key is older than that of the row before/)
})

test('two who rotate at once make two keys, and no key is lost', async () => {
  await using bench = await openBench()
  const { keys, keyring } = bench.now()
  await Promise.all([keys.rotate(localActor), keys.rotate(localActor)])
  assert.deepEqual(keyring.numbers, [1, 2, 3])
  assert.deepEqual(
    [...(parseKeys(await readFile(bench.path, 'utf8')) ?? new Map()).keys()],
    [1, 2, 3],
  )
})

test('a line that was added by hand is taken up by a rotation, and none is made', async () => {
  await using bench = await openBench({ file: (folder) => join(folder, 'elsewhere') })
  const text = await readFile(bench.path, 'utf8')
  await writeFile(bench.path, `${text.trimEnd()}\n${newKeyLine(7)}`)
  await bench.now().keys.rotate(localActor)
  assert.deepEqual(bench.now().keyring.numbers, [1, 7])
})

test('a line that was added while the platform did not run is in the audit too', async () => {
  await using bench = await openBench()
  await bench.put('a', 'kept')
  await writeFile(bench.path, (await readFile(bench.path, 'utf8')) + newKeyLine(2))
  const { keys } = await bench.restart()
  await keys.settled()
  assert.deepEqual(await bench.rotations(), [
    { name: 'keelson', via: 'automation', before: { key: 1 }, after: { key: 2 } },
  ])
  assert.deepEqual(await bench.sealedBy(), [{ id: 'a', key: 2, value: 'kept' }])
})

test('a rotation that was broken off is ended by the next start', async () => {
  await using bench = await openBench()
  await bench.put('a', 'kept')
  const { keys } = bench.now()
  await keys.rotate(localActor)
  await keys.settled()
  const old = bench.now().keyring
  await bench.db.execute('delete from secret')
  // As a process that died in between leaves it.
  const text = (await readFile(bench.path, 'utf8')).split('\n')[0] ?? ''
  const first = parseKeys(text)
  assert.ok(first !== null)
  const sealed = createKeyring(first).seal('test', Buffer.from('left'), 'secret|b')
  assert.equal(old.numberOf(sealed), 1)
  await bench.db.execute('insert into secret values ($1, $2)', ['b', sealed])
  await (await bench.restart()).keys.settled()
  assert.deepEqual(await bench.sealedBy(), [{ id: 'b', key: 2, value: 'left' }])
})

test('what does not open stays as it is, is told, and keeps nothing else back', async () => {
  await using bench = await openBench()
  await bench.put('b', 'kept')
  await bench.db.execute("insert into secret values ('a', '1.broken'), ('c', null)")
  const { keys } = bench.now()
  await keys.rotate(localActor)
  await keys.settled()
  const rows = await bench.db.many<{ id: string; sealed: string | null }>(
    'select id, split_part(sealed, $1, 1) as sealed from secret order by id',
    ['.'],
  )
  assert.deepEqual(
    rows.map(({ id, sealed }) => `${id} ${sealed}`),
    ['a 1', 'b 2', 'c null'],
  )
  assert.ok(bench.log.lines.some(({ message }) => message === 'a sealed value does not open'))
})

test('a key is dropped once nothing hangs on it, and not before', async () => {
  await using bench = await openBench()
  await bench.put('a', 'kept')
  await bench.db.execute('insert into token values (1)')
  const { keys, keyring } = bench.now()
  await keys.rotate(localActor)
  await keys.settled()
  await assert.rejects(
    keys.drop(1, localActor),
    hasCode('master_key_in_use', /Master key 1 is needed for 1 tokens, verifying the audit/),
  )
  await assert.rejects(keys.drop(2, localActor), hasCode('master_key_in_use', /from now on/))
  await assert.rejects(keys.drop(9, localActor), hasCode('not_found', /no master key 9/))
  // As the use of the token, and the end of the months that the audit is kept, leave it.
  await bench.db.execute('update token set pepper = 2')
  await bench.db.execute('delete from kernel.audit_entry')
  const left = await keys.drop(1, localActor)
  assert.deepEqual([left.keys.map(({ number }) => number), left.fault], [[2], null])
  assert.deepEqual([...(parseKeys(await readFile(bench.path, 'utf8')) ?? new Map()).keys()], [2])
  assert.throws(() => keyring.derive('audit/mac', 1), /no key 1/)
  const next = await bench.restart()
  assert.deepEqual(await bench.sealedBy(), [{ id: 'a', key: 2, value: 'kept' }])
  await next.keys.rotate(localActor)
  assert.deepEqual(next.keyring.numbers, [2, 3])
})

test('a dropped key that a command still prints counts for nothing', async () => {
  await using bench = await openBench({ command: (folder) => `cat ${join(folder, 'master.key')}` })
  await writeFile(bench.path, (await readFile(bench.path, 'utf8')) + newKeyLine(2))
  await bench.now().keys.rotate(localActor)
  await bench.db.execute('delete from kernel.audit_entry')
  await bench.now().keys.drop(1, localActor)
  const { keyring } = await bench.restart()
  assert.equal(keyring.current, 2)
  assert.deepEqual(await bench.rotations(), [])
})

test('keys that a command prints are taken up, and none is made for it', async () => {
  await using bench = await openBench({ command: (folder) => `cat ${join(folder, 'master.key')}` })
  const { keys } = bench.now()
  await assert.rejects(
    keys.rotate(localActor),
    hasCode('master_key_unavailable', /yields no key after 1/),
  )
  await writeFile(bench.path, (await readFile(bench.path, 'utf8')) + newKeyLine(2))
  const { source, file, keys: all } = await keys.rotate(localActor)
  assert.deepEqual([source, file, all.map(({ number }) => number)], ['command', null, [1, 2]])
})

test('a key in use that is gone or another one keeps a rotation from happening', async () => {
  await using bench = await openBench()
  const { keys, keyring } = bench.now()
  const text = await readFile(bench.path, 'utf8')
  await writeFile(bench.path, newKeyLine(1))
  await assert.rejects(keys.rotate(localActor), hasCode('master_key_wrong', /Master key 1/))
  assert.match((await keys.status()).fault ?? '', /Master key 1, which is in use/)
  await rm(bench.path)
  await assert.rejects(keys.rotate(localActor), hasCode('master_key_unavailable', /ENOENT/))
  assert.deepEqual([keyring.current, await bench.rotations()], [1, []])
  await writeFile(bench.path, text)
  await keys.rotate(localActor)
  assert.deepEqual([keyring.current, (await keys.status()).fault], [2, null])
})

test('a key that is lost is not replaced by one that opens nothing', async () => {
  await using bench = await openBench()
  const text = await readFile(bench.path, 'utf8')
  await rm(bench.path)
  await assert.rejects(
    bench.restart(),
    hasCode('master_key_unavailable', /There is no master key at .*, and the database was used/),
  )
  assert.deepEqual(await readdir(bench.folder), [])
  await writeFile(bench.path, text, { mode: 0o600 })
  await bench.restart()
})

test('a file with one number twice is refused with what is wrong', async () => {
  await using bench = await openBench()
  const text = await readFile(bench.path, 'utf8')
  await writeFile(bench.path, text + newKeyLine(1))
  await assert.rejects(
    bench.restart(),
    hasCode('master_key_unavailable', /yields no keys: line 2 has number 1 a second time$/),
  )
  await writeFile(bench.path, text)
})

test('a command that is refused leaves nothing running', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'keelson-command-'))
  const pipe = join(dataDir, 'pipe')
  execFileSync('mkfifo', [pipe])
  const held = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    // All that it starts holds the pipe, and its output.
    const command = `exec 9> ${pipe}; sleep 1000 & yes`
    await assert.rejects(
      openKeyring({ dataDir, file: undefined, command }, { hasSeenKeys: false }),
      hasCode('master_key_unavailable', /COMMAND printed more than 64 KiB$/),
    )
    await until('nobody holds the pipe', () => isAtEnd(held))
  } finally {
    closeSync(held)
    await rm(dataDir, { recursive: true })
  }
})

/** Of a pipe: whether nobody writes to it any more. */
const isAtEnd = (fd: number): boolean => {
  try {
    return readSync(fd, Buffer.alloc(1)) === 0
  } catch {
    return false // EAGAIN
  }
}

test('a link to the file stays one, and so does the mode', async () => {
  await using bench = await openBench({ file: (folder) => join(folder, 'link') })
  const target = join(bench.folder, 'target')
  await writeFile(target, await readFile(bench.path, 'utf8'))
  await chmod(target, 0o640)
  await rm(bench.path)
  await symlink(target, bench.path)
  await bench.now().keys.rotate(localActor)
  assert.equal(parseKeys(await readFile(target, 'utf8'))?.size, 2)
  assert.equal((await stat(target)).mode & 0o777, 0o640)
  assert.equal(await readFile(bench.path, 'utf8'), await readFile(target, 'utf8'))
})

test('what a killed rotation left beside the file is gone at the next start', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'keelson-drafts-'))
  try {
    const elsewhere = join(dataDir, 'keys')
    const kept = ['keys', 'keys.bak', 'keys.1.new.bak', 'other.7.new']
    for (const name of [...kept, 'keys.4711.new', 'keys.12.new']) {
      await writeFile(join(dataDir, name), newKeyLine(1), { mode: 0o600 })
    }
    await symlink(elsewhere, join(dataDir, 'link'))
    const source: KeySource = { dataDir, file: join(dataDir, 'link'), command: undefined }
    await removeKeyDrafts(source)
    assert.deepEqual((await readdir(dataDir)).sort(), [...kept, 'link'].sort())
    await removeKeyDrafts({ ...source, file: join(dataDir, 'none') })
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
