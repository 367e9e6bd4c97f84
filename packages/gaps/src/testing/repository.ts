import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** In memory where there is such a folder: 50,000 files take a second there, 20 on a busy disk. */
export const manyFilesFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A folder with these files, for one test. */
export const createRepository = async (
  files: Readonly<Record<string, string | Buffer>> = {},
  parent = tmpdir(),
) => {
  const root = await mkdtemp(join(parent, 'keelson-gaps-'))
  const write = async (file: string, text: string | Buffer): Promise<void> => {
    await mkdir(join(root, dirname(file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  for (const [file, text] of Object.entries(files)) await write(file, text)
  return {
    root,
    write,
    path: (file: string) => join(root, file),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
