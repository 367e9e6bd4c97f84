import { parentPort, workerData } from 'node:worker_threads'
import { piecesOf } from '../../config/pieces.ts'
import { readGatewayConfig } from '../../config/read.ts'
import type { ReadOrder, ReadResult } from './read-apart.ts'
import { tableOfCarried } from './carried-plugins.ts'

/** The thread of `readApart`: reads what it was started with, answers, and ends. */
const { source, environment, carried } = workerData as ReadOrder
const { config, ...rest } = readGatewayConfig(source, {
  ...{ environment, plugins: tableOfCarried(carried) },
})
const result: ReadResult = { ...rest, pieces: piecesOf(config) }
parentPort?.postMessage(result, [])
