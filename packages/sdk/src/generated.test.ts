import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../../..')

test('the client is made of the present OpenAPI document', async () => {
  const script = join(root, 'scripts/generate-sdk.ts')
  await promisify(execFile)(process.execPath, [script, '--check'], { cwd: root })
})
