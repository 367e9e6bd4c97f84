import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testImage } from './container-bench.ts'
import { copyIntoContainer } from './container-files.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}

test('many files are copied with one archive, into folders old and new', { skip }, async () => {
  assert(!('unavailable' in engine))
  const dir = await mkdtemp(join(tmpdir(), 'keelson-copies-'))
  const own = createEngine(`unix://${engine.socket}`)
  const container = await engine.docker.createContainer({
    ...{ Image: testImage, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } },
  })
  const inside = async (command: string): Promise<string> => {
    const exec = await container.exec({ Cmd: ['sh', '-c', command], AttachStdout: true })
    let text = ''
    for await (const chunk of await exec.start({ Tty: true })) text += String(chunk)
    return text.replaceAll('\r', '')
  }
  try {
    await container.start()
    await inside('mkdir -m 700 /old')
    const copies = []
    for (let at = 0; at < 200; at += 1) {
      await writeFile(join(dir, String(at)), `content ${at}`)
      const folder = at % 2 === 0 ? '/old' : '/old/new/deep'
      copies.push({ source: join(dir, String(at)), target: `${folder}/${at}` })
    }
    const calls: string[] = []
    const counting: typeof own = {
      ...own,
      call: (what, make, limitMs) => {
        calls.push(what)
        return own.call(what, make, limitMs)
      },
      find: (what, make) => {
        calls.push(what)
        return own.find(what, make)
      },
    }
    await copyIntoContainer(counting, container.id, { copies })
    assert.equal(calls.filter((what) => what === 'copy into a container').length, 1)
    assert(calls.length <= 4, calls.join())
    assert.equal(await inside('find /old -type f | wc -l'), '200\n')
    assert.equal(await inside('cat /old/0 /old/new/deep/199'), 'content 0content 199')
    // Folders that were there keep their rights.
    assert.equal(await inside('stat -c %a /old /old/new /old/new/deep'), '700\n755\n755\n')
  } finally {
    await container.remove({ force: true })
    own.close()
    await rm(dir, { recursive: true, force: true })
  }
})
