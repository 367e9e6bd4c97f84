import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AppError } from '../errors.ts'
import { lockDataFolder, tcpUrl, type PostgresState } from './index.ts'
import { findOsUser } from './os-user.ts'
import { findPidFile } from './postmaster.ts'
import { isPostmasterOf } from './process-identity.ts'
import {
  copyBinaries,
  createGround,
  createRecordingLog,
  isRoot,
  kill,
  query,
  until,
} from './testing/ground.ts'

/** initdb takes a second; most tests start from a copy of a cluster made once. */
const seed = createGround()
const seedDir = seed.dataDir('seed')
before(async () => {
  const pg = await seed.start(seedDir)
  await query(pg.connection.connectionString, 'create table note (text text)')
  await query(pg.connection.connectionString, `insert into note values ('kept')`)
  await pg.stop()
})
after(() => seed[Symbol.asyncDispose]())

const createSeededGround = () => {
  const ground = createGround()
  const folder = ground.dataDir()
  execFileSync('cp', ['-a', '--', seedDir, folder])
  rmSync(join(folder, 'postgres-port'))
  return { ...ground, folder, [Symbol.asyncDispose]: ground[Symbol.asyncDispose] }
}

const refusal =
  (code: string, details: Record<string, unknown> = {}) =>
  (thrown: unknown) => {
    assert(thrown instanceof AppError, String(thrown))
    assert.equal(thrown.code, code)
    assert.deepEqual({ ...thrown.details, ...details }, thrown.details)
    return true
  }

const notes = (connectionString: string) => query(connectionString, 'select text from note')

/** Who runs as root runs the server as somebody else; so does a test of permissions. */
const otherUser = async () => {
  const user = (await findOsUser('postgres')) ?? (await findOsUser('daemon'))
  assert(user !== undefined)
  return user
}

describe('start', () => {
  test('a fresh folder becomes a server that keeps every promise of its settings', async () => {
    await using ground = createGround()
    const folder = ground.dataDir()
    const pg = await ground.start(folder)
    assert.equal(pg.adopted, false)
    assert.equal(pg.state.name, 'running')
    assert.match(pg.version, /^18\./)
    const wanted = {
      listen_addresses: '127.0.0.1',
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
      password_encryption: 'scram-sha-256',
      shared_buffers: '64MB',
      TimeZone: 'UTC',
    }
    for (const [name, value] of Object.entries(wanted)) {
      const [row] = await query(pg.connection.connectionString, 'select current_setting($1)', [
        name,
      ])
      assert.equal(row?.['current_setting'], value, name)
    }
    const [locale] = await query(
      pg.connection.connectionString,
      'select datlocprovider as provider, datlocale as locale, current_database() as name' +
        ' from pg_database where datname = current_database()',
    )
    assert.deepEqual(locale, { provider: 'b', locale: 'C.UTF-8', name: 'keelson' })
    assert.equal(statSync(join(folder, 'postgres-password')).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'logs', 'postgres.log')).mode & 0o777, 0o600)
  })

  test('the password is nowhere but in its file', async () => {
    await using ground = createSeededGround()
    const log = createRecordingLog()
    const pg = await ground.start(ground.folder, { log })
    const password = pg.connection.password.reveal()
    const places = {
      log: log.lines.join('\n'),
      serverLog: readFileSync(join(ground.folder, 'logs', 'postgres.log'), 'utf8'),
      ...(process.platform === 'linux' && {
        arguments: readFileSync(`/proc/${pg.pid}/cmdline`, 'utf8'),
        environment: readFileSync(`/proc/${pg.pid}/environ`, 'utf8'),
      }),
      printed: JSON.stringify(pg.connection.password) + String(pg.connection.password),
    }
    for (const [place, text] of Object.entries(places)) {
      assert.equal(text.includes(password), false, place)
    }
  })

  test('a wrong password is refused over TCP and over the socket', async () => {
    await using ground = createSeededGround()
    const pg = await ground.start(ground.folder)
    const { database, user, socketDir, port } = pg.connection
    const wrong = tcpUrl(pg, { database, user, password: 'wrong' })
    await assert.rejects(query(wrong, 'select 1'), { code: '28P01' })
    const socket = `${wrong}?host=${encodeURIComponent(socketDir)}&port=${port}`
    await assert.rejects(query(socket, 'select 1'), { code: '28P01' })
    const right = tcpUrl(pg, { database, user, password: pg.connection.password.reveal() })
    assert.equal((await query(right, 'select 1 as one'))[0]?.['one'], 1)
  })

  test('a second start keeps rows, port and password, and adopts nothing', async () => {
    await using ground = createSeededGround()
    const first = await ground.start(ground.folder)
    const { connectionString } = first.connection
    await first.stop()
    assert.equal(first.state.name, 'stopped')
    const second = await ground.start(ground.folder)
    assert.equal(second.adopted, false)
    assert.equal(second.connection.connectionString, connectionString)
    assert.deepEqual(await notes(connectionString), [{ text: 'kept' }])
  })

  test('a start that is killed during initdb leaves nothing in the way', async () => {
    await using ground = createGround()
    const folder = ground.dataDir()
    const child = ground.launchElsewhere(folder)
    const isAtWork = () =>
      existsSync(folder) &&
      readdirSync(folder).some((name) => existsSync(join(folder, name, 'cluster', 'PG_VERSION')))
    await until('initdb is at work', isAtWork)
    await kill(child.pid!)
    assert.equal(existsSync(join(folder, 'postgres')), false)
    const pg = await ground.start(folder)
    assert.equal((await query(pg.connection.connectionString, 'select 1 as one')).length, 1)
  })

  test('a lost password file is made anew, with the rows intact', async () => {
    await using ground = createSeededGround()
    rmSync(join(ground.folder, 'postgres-password'))
    const pg = await ground.start(ground.folder)
    assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }])
  })

  test('a path too long for a socket gets one elsewhere', async () => {
    await using ground = createGround()
    const folder = ground.dataDir(`${'a'.repeat(60)}/${'b, "c'.repeat(10)}`)
    const pg = await ground.start(folder)
    assert(pg.connection.socketDir.length < 88)
    assert.equal(statSync(pg.connection.socketDir).mode & 0o777, 0o700)
    assert.equal((await query(pg.connection.connectionString, 'select 1 as one')).length, 1)
    await pg.stop()
    rmSync(pg.connection.socketDir, { recursive: true })
  })

  test('a folder with spaces, quotes and commas works', async () => {
    await using ground = createGround()
    const pg = await ground.start(ground.dataDir(`a "b", c's`))
    assert.equal((await query(pg.connection.connectionString, 'select 1 as one')).length, 1)
  })
})

describe('survival', () => {
  test('the server outlives a killed Keelson and is adopted by the next', async () => {
    await using ground = createSeededGround()
    const { child, answer } = await ground.startElsewhere(ground.folder)
    await kill(child.pid!)
    const pg = await ground.start(ground.folder)
    assert.equal(pg.adopted, true)
    assert.equal(pg.pid, answer.pid)
    assert.equal(pg.connection.port, answer.port)
    assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }])
    await pg.stop()
    assert.equal(isPostmasterOf(answer.pid!, join(ground.folder, 'postgres')), false)
  })

  test('a start that is killed while the server starts is taken up by the next', async () => {
    await using ground = createSeededGround()
    for (const file of ['locks/postgres.holder', 'postgres-port', 'postgres/postmaster.pid']) {
      const child = ground.launchElsewhere(ground.folder)
      await until(`there is ${file}`, () => existsSync(join(ground.folder, file)))
      await kill(child.pid!)
      const pg = await ground.start(ground.folder)
      assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }], file)
      await pg.stop()
      rmSync(join(ground.folder, 'postgres-port'))
      rmSync(join(ground.folder, 'locks'), { recursive: true })
    }
  })

  for (const adopted of [false, true]) {
    const whose = adopted ? 'an adopted' : 'our own'
    test(`${whose} server that is killed comes back with all committed rows`, async () => {
      await using ground = createSeededGround()
      if (adopted) {
        const { child } = await ground.startElsewhere(ground.folder)
        await kill(child.pid!)
      }
      const exits: number[] = []
      const pg = await ground.start(ground.folder, { onExit: ({ pid }) => exits.push(pid) })
      assert.equal(pg.adopted, adopted)
      const states: PostgresState[] = []
      pg.onStateChange((state) => states.push(state))
      const { connectionString } = pg.connection
      await query(connectionString, `insert into note values ('committed')`)
      const { pid } = pg
      await kill(pid)
      await until('it runs again', () => pg.state.name === 'running' && pg.pid !== pid)
      assert.deepEqual(exits, [pid])
      assert(states.some(({ name }) => name === 'recovering'))
      assert.deepEqual(await notes(connectionString), [{ text: 'kept' }, { text: 'committed' }])
    })
  }

  test('the death of one session is seen as a recovery of the same server', async () => {
    await using ground = createSeededGround()
    const pg = await ground.start(ground.folder)
    const states: string[] = []
    pg.onStateChange(({ name }) => states.push(name))
    const { pid } = pg
    const [row] = await query(
      pg.connection.connectionString,
      `select pid from pg_stat_activity where application_name = 'keelson supervisor'`,
    )
    const victim = await new Promise<number>((resolve, reject) => {
      const url = pg.connection.connectionString
      query(url, 'select pg_backend_pid() as pid, pg_sleep(60)').catch(() => undefined)
      until('a session sleeps', async () => {
        const sql = `select pid from pg_stat_activity where query like '%pg_sleep(60)' and pid <> $1`
        const [found] = await query(url, sql, [row?.['pid']])
        if (found !== undefined) resolve(Number(found['pid']))
        return found !== undefined
      }).catch(reject)
    })
    process.kill(victim, 'SIGKILL')
    await until('it recovers', () => states.includes('running'))
    assert.equal(states[0], 'recovering')
    assert.equal(pg.pid, pid)
  })

  test('an ended session of the supervisor alone is no outage', async () => {
    await using ground = createSeededGround()
    const pg = await ground.start(ground.folder)
    const states: string[] = []
    pg.onStateChange(({ name }) => states.push(name))
    const watching = `select pid from pg_stat_activity where application_name = 'keelson supervisor'`
    const url = pg.connection.connectionString
    const [former] = await query(url, watching)
    await query(url, 'select pg_terminate_backend($1)', [former?.['pid']])
    await until('it watches again', async () => {
      const [now] = await query(url, watching)
      return now !== undefined && now['pid'] !== former?.['pid']
    })
    assert.deepEqual(states, [])
  })

  test('a stale pid file whose pid another process has now does not stop a start', async () => {
    await using ground = createSeededGround()
    const { child, answer } = await ground.startElsewhere(ground.folder)
    await kill(child.pid!)
    await kill(answer.pid!)
    // The server only minds processes of its own user.
    const user = isRoot ? await otherUser() : undefined
    const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
    const innocent = spawn('sleep', ['300'], { stdio: 'ignore', cwd: '/', ...identity })
    try {
      for (const name of ['postgres/postmaster.pid', ...socketLocks(ground.folder)]) {
        const path = join(ground.folder, name)
        const lines = readFileSync(path, 'utf8').split('\n')
        writeFileSync(path, [innocent.pid, ...lines.slice(1)].join('\n'))
      }
      const pg = await ground.start(ground.folder)
      assert.equal(pg.adopted, false)
      assert.equal(innocent.exitCode, null)
      assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }])
    } finally {
      innocent.kill()
    }
  })

  test('a server whose socket was deleted is replaced', async () => {
    await using ground = createSeededGround()
    const { child, answer } = await ground.startElsewhere(ground.folder)
    await kill(child.pid!)
    for (const name of readdirSync(join(ground.folder, 'postgres-socket'))) {
      rmSync(join(ground.folder, 'postgres-socket', name))
    }
    const pg = await ground.start(ground.folder)
    assert.notEqual(pg.pid, answer.pid)
    assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }])
  })
})

const socketLocks = (folder: string): string[] =>
  readdirSync(join(folder, 'postgres-socket'))
    .filter((name) => name.endsWith('.lock'))
    .map((name) => `postgres-socket/${name}`)

describe('the lock of the data folder', () => {
  test('a second starter is refused and told the pid of the first', async () => {
    await using ground = createSeededGround()
    const { child } = await ground.startElsewhere(ground.folder)
    await assert.rejects(
      ground.start(ground.folder),
      refusal('data_folder_locked', { pid: child.pid }),
    )
  })

  test('one process cannot hold it twice, and may take it again after release', async () => {
    await using ground = createGround()
    const folder = ground.dataDir()
    const lock = await lockDataFolder(folder)
    await assert.rejects(
      lockDataFolder(folder),
      refusal('data_folder_locked', { pid: process.pid }),
    )
    lock.release()
    lock.release()
    ;(await lockDataFolder(folder)).release()
  })

  test('a holder that is gone holds nothing, even when its pid lives again', async () => {
    await using ground = createSeededGround()
    const { child } = await ground.startElsewhere(ground.folder)
    await kill(child.pid!)
    const holder = join(ground.folder, 'locks', 'postgres.holder')
    writeFileSync(holder, JSON.stringify({ pid: process.pid })) // alive, and no holder
    const pg = await ground.start(ground.folder)
    assert.equal(pg.state.name, 'running')
  })
})

describe('the programs', () => {
  test('links that an install script did not make are made', async () => {
    await using ground = createSeededGround()
    const nativeDir = copyBinaries(join(ground.base, 'native'))
    const links = readdirSync(join(nativeDir, 'lib')).filter((name) =>
      lstatSync(join(nativeDir, 'lib', name)).isSymbolicLink(),
    )
    assert(links.length > 5)
    for (const name of links) rmSync(join(nativeDir, 'lib', name))
    const pg = await ground.start(ground.folder, { nativeDir })
    assert.equal(pg.state.name, 'running')
    for (const name of links) assert(lstatSync(join(nativeDir, 'lib', name)).isSymbolicLink())
  })

  test('links that may not be made in the package are made in the data folder', async (t) => {
    if (!isRoot) return t.skip('needs root, to own a package that a starter may not write to')
    await using ground = createGround()
    const nativeDir = copyBinaries(join(ground.base, 'native'))
    rmSync(join(nativeDir, 'lib', 'libicuuc.so.60'))
    const user = await otherUser()
    const folder = ground.dataDir()
    mkdirSync(folder)
    chownSync(folder, user.uid, user.gid)
    const { answer } = await ground.startElsewhere(folder, { ...user, nativeDir })
    assert.equal(answer.code, undefined, JSON.stringify(answer))
    assert(answer.pid! > 0)
    assert(existsSync(join(folder, 'postgres-libraries', 'libicuuc.so.60')))
    assert.equal(existsSync(join(nativeDir, 'lib', 'libicuuc.so.60')), false)
  })

  test('a package where the user cannot get in is copied', async (t) => {
    if (!isRoot) return t.skip('needs root: nobody else runs the server as another user')
    await using ground = createSeededGround()
    mkdirSync(join(ground.base, 'private'), { mode: 0o700 })
    const nativeDir = copyBinaries(join(ground.base, 'private', 'native'))
    const pg = await ground.start(ground.folder, { nativeDir })
    assert.equal(pg.state.name, 'running')
  })

  test('none for the platform: said with the name of the package', async () => {
    await using ground = createSeededGround()
    const nativeDir = join(ground.base, 'nothing')
    await assert.rejects(
      ground.start(ground.folder, { nativeDir }),
      refusal('postgres_binaries_missing', { platform: `${process.platform}-${process.arch}` }),
    )
  })
})

describe('root', { skip: isRoot ? false : 'needs root' }, () => {
  test('runs the server as a user without rights, who owns the cluster', async () => {
    await using ground = createSeededGround()
    const pg = await ground.start(ground.folder)
    const { uid } = statSync(join(ground.folder, 'postgres'))
    assert.notEqual(uid, 0)
    const status = readFileSync(`/proc/${pg.pid}/status`, 'utf8')
    assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'))
    assert.match(status, /^Groups:\s*$/m)
  })

  test('below a closed home the cluster goes to where its user gets in', async () => {
    await using ground = createGround()
    mkdirSync(join(ground.base, 'home'), { mode: 0o700 })
    const folder = ground.dataDir('home/.keelson')
    const pg = await ground.start(folder)
    assert(lstatSync(join(folder, 'postgres')).isSymbolicLink())
    assert.equal(statSync(join(ground.base, 'home')).mode & 0o777, 0o700)
    await pg.stop()
    const again = await ground.start(folder)
    assert.equal(again.connection.connectionString, pg.connection.connectionString)
  })

  test('a cluster that was copied by root goes back to a user', async () => {
    await using ground = createSeededGround()
    execFileSync('chown', ['-R', '0:0', join(ground.folder, 'postgres')])
    const pg = await ground.start(ground.folder)
    assert.deepEqual(await notes(pg.connection.connectionString), [{ text: 'kept' }])
  })

  test('a cluster of somebody else is refused and named', async () => {
    await using ground = createSeededGround()
    const user = await otherUser()
    execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, ground.folder])
    execFileSync('chown', ['-R', '0:0', join(ground.folder, 'postgres')])
    const { answer } = await ground.startElsewhere(ground.folder, user)
    assert.equal(answer.code, 'postgres_folder_owner')
    assert.equal(answer.details?.['owner'], 'root')
    assert.equal(answer.details?.['user'], user.name)
  })

  test('a folder that may not be written is refused', async () => {
    await using ground = createGround()
    const { answer } = await ground.startElsewhere(ground.dataDir(), await otherUser())
    assert.equal(answer.code, 'postgres_folder_owner')
  })

  test('a full disk is called that, and leaves no half cluster', async (t) => {
    await using ground = createGround()
    const folder = ground.dataDir()
    mkdirSync(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', folder], { stdio: 'pipe' })
    } catch (error) {
      return t.skip(`NOT TESTED, no tmpfs can be mounted here: ${String(error)}`)
    }
    try {
      await assert.rejects(ground.start(folder), refusal('postgres_disk_full'))
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith('postgres.')),
        [],
      )
      assert.equal(existsSync(join(folder, 'postgres')), false)
    } finally {
      execFileSync('umount', [folder])
    }
  })
})

describe('refusals', () => {
  test('a cluster of another major version stays as it was', async () => {
    await using ground = createSeededGround()
    const cluster = join(ground.folder, 'postgres')
    writeFileSync(join(cluster, 'PG_VERSION'), '17\n')
    const listing = () =>
      execFileSync('ls', ['-laR', '--time-style=full-iso', cluster], {}).toString()
    const former = listing()
    await assert.rejects(
      ground.start(ground.folder),
      refusal('postgres_version_mismatch', { found: '17', needed: '18' }),
    )
    assert.equal(listing(), former)
  })

  test('a folder in the place of the cluster that is none stays as it was', async () => {
    await using ground = createGround()
    const folder = ground.dataDir()
    mkdirSync(join(folder, 'postgres'), { recursive: true })
    writeFileSync(join(folder, 'postgres', 'thesis.txt'), 'the only copy')
    await assert.rejects(ground.start(folder), refusal('postgres_unavailable'))
    assert.deepEqual(readdirSync(join(folder, 'postgres')), ['thesis.txt'])
  })

  test('a port that was asked for and is taken: said by whom', async () => {
    await using ground = createSeededGround()
    const { port, close } = await occupy()
    try {
      await assert.rejects(
        ground.start(ground.folder, { port }),
        refusal('postgres_port_taken', { port, pid: process.pid }),
      )
    } finally {
      close()
    }
  })

  test('a port of its own that was taken meanwhile is replaced', async () => {
    await using ground = createSeededGround()
    const { port, close } = await occupy()
    try {
      writeFileSync(join(ground.folder, 'postgres-port'), `${port}\n`)
      const pg = await ground.start(ground.folder)
      assert.notEqual(pg.connection.port, port)
      assert.equal(
        readFileSync(join(ground.folder, 'postgres-port'), 'utf8').trim(),
        `${pg.connection.port}`,
      )
    } finally {
      close()
    }
  })

  test('settings that the server refuses: its own words in the error', async () => {
    await using ground = createSeededGround()
    writeFileSync(join(ground.folder, 'postgres', 'custom.conf'), 'shared_buffers = enormous\n')
    await assert.rejects(ground.start(ground.folder), (thrown: unknown) => {
      refusal('postgres_unavailable')(thrown)
      assert(thrown instanceof AppError)
      assert.match(thrown.message, /configuration file .* contains errors/)
      return true
    })
    assert.equal(await findPidFile(join(ground.folder, 'postgres')), undefined)
  })
})

const occupy = async (): Promise<{ port: number; close: () => void }> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => server.close() }
}
